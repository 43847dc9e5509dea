"""FLAIR's pooling as its authors have it, of PyTorch's own parts."""
import torch


class Pooling(torch.nn.Module):
    """A text asks the patches, and one that is empty, by PyTorch's attention."""

    def __init__(self, width):
        super().__init__()
        self.attn = torch.nn.MultiheadAttention(width, 8, batch_first=True, add_zero_attn=True)
        self.ln_q, self.ln_k, self.ln_v = (torch.nn.LayerNorm(width) for _ in range(3))

    def forward(self, text, patches):
        return self.attn(self.ln_q(text), self.ln_k(patches), self.ln_v(patches))[0]
