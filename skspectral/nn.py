"""A spectral transfer as a torch module, for models of one's own. Importing it imports torch."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from skspectral.spectral import EIGENVALUES


class SpectralLinear(nn.Module):
    """A linear layer whose weights are eigenvectors times differences of eigenvalues.

    Takes the place of :class:`torch.nn.Linear`: ``weight[i, j] = eigenvectors[i, j] *
    (eigenvalues_in[j] - eigenvalues_out[i])``. Add :meth:`penalty` to the loss and whole nodes
    vanish; :meth:`relevance` says which. Penalise the layers beside it, too, or weights can grow
    there at no cost.

    Parameters
    ----------
    in_features, out_features : int
        Inbound and outbound nodes.
    bias : bool, default=True
        Whether there is an intercept for each outbound node.
    eigenvalues : {"in", "out", "both"}, default="in"
        Which eigenvalues are trained; they start at one, the others are zero (``"both"``:
        ``eigenvalues_in`` starts at one, ``eigenvalues_out`` at zero). ``"in"`` gates the inbound
        nodes, ``"out"``, the choice of the paper, the outbound ones.
    device, dtype : default=None
        As of :class:`torch.nn.Linear`.

    Attributes
    ----------
    eigenvectors : Parameter of shape (out_features, in_features)
        Uniform as Glorot's at the start.
    eigenvalues_in : Parameter or buffer of shape (in_features,)
    eigenvalues_out : Parameter or buffer of shape (out_features,)
    bias : Parameter of shape (out_features,) or None
    weight : tensor of shape (out_features, in_features)
        The weights, made of the others.

    Raises
    ------
    ValueError
        If `eigenvalues` is none of the three.

    References
    ----------
    Giambagli, Buffoni, Chicchi, Fanelli, "How a student becomes a teacher: learning and forgetting
    through spectral methods", NeurIPS 2023, arXiv:2310.12612.

    Examples
    --------
    >>> import torch
    >>> from skspectral.nn import SpectralLinear
    >>> layer = SpectralLinear(3, 5, eigenvalues="out")
    >>> layer(torch.zeros(2, 3)).shape
    torch.Size([2, 5])
    >>> layer.relevance().shape
    torch.Size([5])
    """

    def __init__(
        self, in_features, out_features, bias=True, eigenvalues="in", device=None, dtype=None
    ):
        super().__init__()
        if eigenvalues not in EIGENVALUES:
            raise ValueError(
                f"eigenvalues={eigenvalues!r} is none of {', '.join(map(repr, EIGENVALUES))}; "
                "'in' gates the inbound nodes, 'out' the outbound ones."
            )
        self.in_features, self.out_features = in_features, out_features
        self.eigenvalues = eigenvalues
        like = {"device": device, "dtype": dtype}
        self.eigenvectors = nn.Parameter(torch.empty(out_features, in_features, **like))
        for side, n_nodes in (("in", in_features), ("out", out_features)):
            values = torch.empty(n_nodes, **like)
            if eigenvalues in (side, "both"):
                self.register_parameter(f"eigenvalues_{side}", nn.Parameter(values))
            else:
                self.register_buffer(f"eigenvalues_{side}", values)
        parameter = nn.Parameter(torch.empty(out_features, **like)) if bias else None
        self.register_parameter("bias", parameter)
        self.reset_parameters()

    def reset_parameters(self):
        """Start anew."""
        nn.init.xavier_uniform_(self.eigenvectors)
        nn.init.constant_(self.eigenvalues_in, 0.0 if self.eigenvalues == "out" else 1.0)
        nn.init.constant_(self.eigenvalues_out, 1.0 if self.eigenvalues == "out" else 0.0)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            nn.init.uniform_(self.bias, -bound, bound)

    def _load_from_state_dict(self, state_dict, prefix, *others):
        """Refuse the eigenvalues of a layer that trains others: here they would stay as they are.

        The last of the `others` is torch's list of errors.
        """
        for name, _ in self.named_buffers():
            values = state_dict.get(prefix + name)
            if values is not None and not values.is_meta and values.any():
                others[-1].append(
                    f"{prefix}{name} is not zero, so it was trained; give a SpectralLinear of the "
                    f"same eigenvalues, here it is {self.eigenvalues!r}."
                )
                return
        super()._load_from_state_dict(state_dict, prefix, *others)

    @property
    def weight(self):
        """The weights, tensor of shape (out_features, in_features)."""
        return self.eigenvectors * (self.eigenvalues_in - self.eigenvalues_out[:, None])

    def forward(self, input):
        """Apply the layer.

        Parameters
        ----------
        input : tensor of shape (..., in_features)

        Returns
        -------
        output : tensor of shape (..., out_features)
        """
        return F.linear(input, self.weight, self.bias)

    def penalty(self, alpha_phi, alpha_lambda=None):
        """The penalty on eigenvectors and eigenvalues.

        Parameters
        ----------
        alpha_phi : float
            Strength for the eigenvectors.
        alpha_lambda : float, default=None
            Strength for the eigenvalues that are trained; None is `alpha_phi`.

        Returns
        -------
        penalty : tensor of shape ()
        """
        alpha_lambda = alpha_phi if alpha_lambda is None else alpha_lambda
        # Those that are not trained are zero.
        eigenvalues = self.eigenvalues_in.square().sum() + self.eigenvalues_out.square().sum()
        return alpha_phi * self.eigenvectors.square().sum() + alpha_lambda * eigenvalues

    @torch.no_grad()
    def relevance(self):
        """Relevance of the nodes that the eigenvalues gate.

        Returns
        -------
        relevance : tensor of shape (in_features,) or (out_features,)
            Norm of the outgoing weights of each inbound node with ``eigenvalues="in"``, of the
            incoming weights of each outbound node otherwise.
        """
        return torch.linalg.vector_norm(self.weight, dim=0 if self.eigenvalues == "in" else 1)

    def extra_repr(self):
        """The settings, for ``repr``."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}, eigenvalues={self.eigenvalues!r}"
        )
