"""Captions that are hard on tokenizers, the same ones for the same seed and the same Python.

Characters without a category in Python's unicodedata are left out: programs disagree on those that
came with later versions of Unicode. With Python 3.13 and later some are in that our tables lack.
"""
import html.entities
import random
import unicodedata

WORDS = """a the of with and on in two dogs run across green field beside an old wooden bridge woman
holding red umbrella man riding bicycle through narrow street children playing soccer sunset over
mountains close-up photo vintage car parked near lighthouse plate pasta basil tomato kitten sleeping
sofa airplane runway crowded market stalls fruit vegetables snowboarder jumping graffiti wall
photographer's isn't they're we've I'm she'll he'd it's DON'T O'Neill rock'n'roll '90s l'été
Mercedes-Benz BMW iPhone WWII USA hyperrealistic bokeh 8K UHD HDR f/1.8 35mm""".split()
ACCENTS = "café naïve Zürich façade jalapeño crème brûlée Ångström Łódź İstanbul ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ ΑΣ. Σ ΑΣ'Α ǅ ẞ STRAẞE ſ K Å ﬁne oﬀice Ĳssel ŉ".split()
DECOMPOSED = ["cafe\u0301", "nai\u0308ve", "A\u030angstro\u0308m", "e\u0323\u0301", "e\u0301\u0323", "\u1100\u1161\u11a8",
              "q\u0307\u0323", "\u0041\u0301\u0328", "\u0344", "\u0958", "\u2126", "\u212b", "\u0fb2\u0f80", "a\u0315\u0300\u05ae\u0300b"]
SCRIPTS = """一只狗在草地上奔跑 東京タワーの夜景 고양이가 소파에서 자고 있다 ｶﾀｶﾅ ＦＵＬＬＷＩＤＴＨ　１２３ صورة لقطة على الأريكة السَّلَامُ עִבְרִית
हिन्दी में चित्र ภาพแมวนอนบนโซฟา Собака бежит по полю Ελληνικά Հայերեն ქართული አማርኛ தமிழ் བོད་ཡིག ᏣᎳᎩ 𐐔𐐯𐑅𐐨𐑉𐐯𐐻 𝔘𝔫𝔦 𠮷野家 Ⅻ ½ ² ٣٤٥ ४२ ⑳ ㊿ 一二三""".split()
EMOJI = "😀 🐶 👩🏽‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ❤️ 👍🏿 1️⃣ ☕ ✈️ 🧑🏻‍🤝‍🧑🏿 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ©️ ™ ㊗️ ♀️ 🫠".split()
PUNCTUATION = list("!?.,;:-_/\\|()[]{}<>@#$%^&*+=~`\"'") + "… “ ” ‘ ’ – — « » ¿ ¡ • · ′ ″ 。 、 「 」 ？ ！ ... !!! --- :-) ;) <3 ¯\\_(ツ)_/¯ %20 #1 $5.99 50% 3:45pm '' ''s 's 'S 't 'ſ 'Re 'LL 'D".split()
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2009", "\u200a", "\u2028",
          "\u2029", "\u202f", "\u205f", "\u3000", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u180e"]
CONTROLS = [chr(c) for c in range(32)] + ["\x7f", "\x80", "\x93", "\x9f", "\u206a", "\ufff9", "\ufffc", "\ufffd", "\ufffe", "\u202e", "\ue000", "\U000e0001",
            "\x1b[31m", "\x1b[0m", "\x1b[1;4", "\x1b[٣m", "\x1b[\x1b[0mm"]
SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>", "<START_OF_TEXT>", "<|ENDOFTEXT|>", "<end_of_text", "</w>", "</s>", "<unk>", "<pad>", "▁", "<ſtart_of_text>"]
URLS = ["https://example.com/a_b?x=1&y=2#top", "www.photos.example.org/IMG_0042.JPG", "me@example.com", "@user_name", "#NoFilter", "ftp://x.y/z~w"]
ENCODINGS = ["latin-1", "windows-1252", "windows-1251", "windows-1250", "windows-1253", "windows-1254", "windows-1257", "iso-8859-2", "macroman", "cp437"]


def entity(r):
    names = list(html.entities.html5)
    kind = r.randrange(9)
    if kind == 0:
        return "&" + r.choice(names)
    if kind == 1:
        return "&" + r.choice(names).upper()
    if kind == 2:
        return "&" + r.choice(["amp;", "lt;", "gt;", "quot;", "nbsp;", "#39;", "apos;", "amp", "lt", "copy", "eacute", "notit;", "ampamp;"])
    if kind == 3:
        return f"&#{r.choice([r.randrange(0x180), r.randrange(0x3000), r.randrange(0x120000), r.randrange(10**12)])}{r.choice([';', '', ' '])}"
    if kind == 4:
        return f"&#{r.choice('xX')}{r.choice([r.randrange(0x180), r.randrange(0x3000), 0xfdd0 + r.randrange(40), 0xd800 + r.randrange(99)]):x}{r.choice([';', ''])}"
    if kind == 5:
        return "&amp;" + r.choice(names)
    if kind == 6:
        return "&amp;amp;lt;b&amp;gt;"
    if kind == 7:
        return r.choice(["&", "&;", "&#;", "&#x;", "&#xg;", "&x", "& amp;", "&#12abc;", "&#59;", "&unknown;", "&" + "a" * 40 + ";", "AT&T", "&é;"])
    return "&" + r.choice(names) + r.choice(["x", "é", "1;", "=", "&"])


def mojibake(r):
    text = r.choice([*ACCENTS, *SCRIPTS, *EMOJI, "“quotes”", "it’s", "déjà vu à la mode", "naïve – café", "100 €", "… and", "às vezes", "\xa0", "Ø£Ø³Ø¯"])
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        encoding = r.choice(["latin-1", "windows-1252", "windows-1252", *ENCODINGS])
        data = text.encode("utf-8", "surrogatepass")
        if r.random() < 0.05:
            data = "".join(chr(c) for unit in [text.encode("utf-16-be", "surrogatepass")] for c in
                           (unit[i] << 8 | unit[i + 1] for i in range(0, len(unit), 2))).encode("utf-8", "surrogatepass")
        text = data.decode(encoding, r.choice(["replace", "replace", "ignore"]))
        if r.random() < 0.2:
            text = text.replace("\xa0", " ")
        if r.random() < 0.1:
            text = text.replace("\ufffd", "?")
    return text


def odd(r):
    """Any characters, to meet the edges of the tables."""
    pools = [(0, 0x250), (0x250, 0x3000), (0x3000, 0xd800), (0xf900, 0x10000), (0x10000, 0x20000), (0xe0000, 0xe0200)]
    return "".join(chr(r.randrange(*r.choice(pools[:4] if r.random() < 0.8 else pools))) for _ in range(r.randint(1, 6)))


def long_word(r):
    letters = r.choice(["abcdefghijklmnopqrstuvwxyz", "aab", "e", "éèß", "漢字仮名", "0123456789", "!?-.", "ab\u0301"])
    return "".join(r.choice(letters) for _ in range(r.choice([30, 100, 600, 3000])))


def captions(count, seed=20):
    r = random.Random(seed)
    makers = [(60, lambda: r.choice(WORDS)), (4, lambda: r.choice(ACCENTS)), (2, lambda: r.choice(DECOMPOSED)), (5, lambda: r.choice(SCRIPTS)),
              (4, lambda: r.choice(EMOJI)), (6, lambda: r.choice(PUNCTUATION)), (2, lambda: r.choice(CONTROLS)), (1, lambda: r.choice(SPECIALS)),
              (2, lambda: r.choice(URLS)), (4, lambda: entity(r)), (4, lambda: mojibake(r)), (2, lambda: odd(r)), (0.1, lambda: long_word(r)),
              (3, lambda: str(r.randrange(10 ** r.randint(1, 9)))), (2, lambda: r.choice(WORDS).upper()), (2, lambda: r.choice(WORDS).title())]
    weights, functions = zip(*makers)
    plain = [w if i in (0, 5, 13, 14, 15) else 0 for i, w in enumerate(weights)]
    for n in range(count):
        mixed = n % 4 != 0  # every fourth is an ordinary caption
        text = ""
        for f in r.choices(functions, weights if mixed else plain, k=r.choice([0, 1, 3, 8, 15, 30])):
            text += f() + (r.choice(SPACES) if mixed and r.random() < 0.15 else "" if mixed and r.random() < 0.08 else " ")
        yield "".join(c for c in text if unicodedata.category(c) not in ("Cs", "Cn") or ord(c) & 0xfffe == 0xfffe)
