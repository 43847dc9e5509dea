#!/usr/bin/env python3
"""Hugging Face's tokenizer.json of SentencePiece's kinds, read by us and by transformers.

    piece_tokenizers.py PROBE [LINES]            default: 4000 lines

PROBE is the program built from tokenizer_probe.cpp. Gemma's (SigLIP 2), XLM-R's (MetaCLIP 2) and T5's (SigLIP in
open_clip) tokenizers are trained small on captions of tokenizer_corpus.py and saved by transformers' own classes.
Prints for each how many captions have the same ids; texts that cut two ways with equal sums of scores are counted apart.
Exit status 1 if any others differ. Needs transformers, tokenizers, sentencepiece.
"""
import json
import os
import pathlib
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import unicodedata  # noqa: E402

import sentencepiece  # noqa: E402
from tokenizer import Ties, compare, ours  # noqa: E402
from tokenizer_corpus import WORDS, captions  # noqa: E402

CONTEXT = 64


def train(prefix, **options):
    texts = [text for text in captions(4000, seed=3) if 0 < len(text) < 400] + [" ".join(WORDS)] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_prefix=str(prefix), character_coverage=0.98, minloglevel=2, num_threads=1,
        **options)
    return sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")


def gemma(folder, lower=False):
    """Gemma's, as SigLIP 2 has it: byte pairs, bytes for what is not known, no begin token, padded with 0."""
    from transformers.convert_slow_tokenizer import generate_merges
    from transformers.models.gemma import GemmaTokenizer
    from transformers.models.siglip2 import Siglip2Tokenizer
    model = train(folder / "gemma", model_type="bpe", vocab_size=2500, byte_fallback=True, pad_id=0, eos_id=1, bos_id=2,
                  unk_id=3, normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
                  pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", unk_piece="<unk>", allow_whitespace_only_pieces=True)
    vocabulary = {model.id_to_piece(i): i for i in range(model.get_piece_size())}
    scores = {piece: model.get_score(i) for piece, i in vocabulary.items() if not model.is_control(i) and not model.is_byte(i)
              and not model.is_unknown(i) and len(piece) > 1}
    kind = Siglip2Tokenizer if lower else GemmaTokenizer
    words = kind(vocab=vocabulary, merges=generate_merges(vocabulary, scores), add_bos_token=False, add_eos_token=True,
                 padding_side="right")
    words.save_pretrained(folder / "saved")
    return words, Ties(model)


def unigram(folder, **special):
    model = train(folder / "unigram", vocab_size=2000, pad_piece="<pad>", **special)
    return model, [(model.id_to_piece(i), model.get_score(i)) for i in range(model.get_piece_size())]


def charsmap(path):
    """normalizer_spec.precompiled_charsmap of a model."""
    from transformers.utils import sentencepiece_model_pb2_new as pb
    proto = pb.ModelProto()
    proto.ParseFromString(path.read_bytes())
    return proto.normalizer_spec.precompiled_charsmap


def xlm_roberta(folder):
    """XLM-R's, as MetaCLIP 2 has it: Unigram between <s> and </s>."""
    from transformers import XLMRobertaTokenizer
    model, pieces = unigram(folder, bos_id=0, pad_id=1, eos_id=2, unk_id=3)
    words = XLMRobertaTokenizer(vocab=pieces, _spm_precompiled_charsmap=charsmap(folder / "unigram.model"))
    words.save_pretrained(folder / "saved")
    return words, Ties(model)


def t5(folder):
    """T5's, as open_clip's SigLIP has it, with names behind the vocabulary."""
    from transformers import T5Tokenizer
    model, pieces = unigram(folder, bos_id=-1, pad_id=0, eos_id=1, unk_id=2)
    words = T5Tokenizer(vocab=pieces, extra_ids=7)
    words.save_pretrained(folder / "saved")
    return words, Ties(model)


def siglip2(folder):
    """SigLIP 2's own class: Gemma's in lower case."""
    return gemma(folder, lower=True)


def plain(text):
    """No name of a special token, which remains text with us; and nothing that the library treats in a way of its
    own: marks and joiners that belong to the letter before, U+0085 and U+2581."""
    names = ("<s>", "</s>", "<pad>", "<unk>", "<mask>", "<bos>", "<eos>", "<extra_id_")
    return not any(name in text for name in names) and not any(unicodedata.combining(c) or c in "\u200d\x85\u2581" for c in text)


def main():
    probe, lines = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    texts = [text for text in captions(lines, seed=20) if plain(text)]
    texts += ["", " ", "  two  spaces ", "tab\tand\nline", "\u4e00\u4e8c", "\U0001f600\u200d\U0001f525"]
    good = True
    for make in (gemma, siglip2, xlm_roberta, t5):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            words, ties = make(folder)
            assert (folder / "saved" / "tokenizer.json").exists()
            json.loads((folder / "saved" / "tokenizer_config.json").read_text())
            mine = ours(probe, folder / "saved", CONTEXT, texts=texts)
            good &= compare(make.__doc__.split(",")[0].split(":")[0], texts, mine,
                            lambda text, words=words: words(text, max_length=CONTEXT, truncation=True)["input_ids"], ties)
    return not good


if __name__ == "__main__":
    sys.exit(main())
