"""The map between a weight matrix and the eigenvalues and eigenvectors of its transfer."""

from dataclasses import dataclass, replace

import numpy as np

EIGENVALUES = ("out", "in", "both")
"""Which eigenvalues of a transfer are trained; see :func:`initial_eigenvalues`."""


def initial_eigenvalues(n_in, n_out, eigenvalues="in", dtype=np.float64):
    """Eigenvalues of a transfer at the start of training.

    Parameters
    ----------
    n_in, n_out : int
        Inbound and outbound nodes of the transfer.
    eigenvalues : {"in", "out", "both"} or None, default="in"
        Which of them are trained: ``"in"`` starts at one with ``lambda_out = 0``, ``"out"`` at one
        with ``lambda_in = 0``, ``"both"`` at ``lambda_in = 1, lambda_out = 0``. None is a dense
        transfer, whose "eigenvectors" are its weights: ``lambda_in = 1, lambda_out = 0`` for good.
    dtype : dtype, default=float64
        Their precision.

    Returns
    -------
    eigenvalues_in : ndarray of shape (n_in,)
    eigenvalues_out : ndarray of shape (n_out,)

    Raises
    ------
    ValueError
        If `eigenvalues` is none of these.
    """
    check_eigenvalues(eigenvalues)
    gated_by_out = eigenvalues == "out"
    return (
        np.full(n_in, 0 if gated_by_out else 1, dtype=dtype),
        np.full(n_out, 1 if gated_by_out else 0, dtype=dtype),
    )


def check_eigenvalues(eigenvalues):
    """Raise if a transfer trains other eigenvalues than there are."""
    if eigenvalues not in (*EIGENVALUES, None):
        raise ValueError(
            f"eigenvalues={eigenvalues!r} is none of {', '.join(map(repr, EIGENVALUES))}; give one "
            "of them, or None for a dense transfer."
        )


def gates(eigenvalues_in, eigenvalues_out):
    """Eigenvalue differences ``lambda_in_j - lambda_out_i``, of shape (n_in, n_out)."""
    return eigenvalues_in[:, None] - eigenvalues_out[None, :]


def transfer_weights(eigenvectors, eigenvalues_in, eigenvalues_out):
    """Weights of a transfer from its eigenvectors and eigenvalues.

    ``weights[j, i] = eigenvectors[j, i] * (eigenvalues_in[j] - eigenvalues_out[i])``, the
    lower-left block of :func:`adjacency_matrix`, transposed into the layout of scikit-learn's
    ``coefs_``.

    Parameters
    ----------
    eigenvectors : ndarray of shape (n_in, n_out)
        Non-trivial components phi of the eigenvectors.
    eigenvalues_in : ndarray of shape (n_in,)
        Eigenvalues of the inbound nodes.
    eigenvalues_out : ndarray of shape (n_out,)
        Eigenvalues of the outbound nodes.

    Returns
    -------
    weights : ndarray of shape (n_in, n_out)

    Raises
    ------
    ValueError
        If the nodes have not one eigenvalue each.

    References
    ----------
    Giambagli, Buffoni, Chicchi, Fanelli, "How a student becomes a teacher", NeurIPS 2023,
    arXiv:2310.12612, equation for ``w_ij``.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.spectral import transfer_weights
    >>> transfer_weights(np.array([[1.0, 2.0]]), np.array([3.0]), np.array([0.0, 1.0]))
    array([[3., 4.]])
    """
    transfer = _checked(eigenvectors, eigenvalues_in, eigenvalues_out)
    return transfer[0] * gates(*transfer[1:])


def adjacency_matrix(eigenvectors, eigenvalues_in, eigenvalues_out):
    """Adjacency matrix of the bipartite graph that a transfer is.

    ``A = Phi Lambda Phi^-1`` with ``Phi = I + [[0, 0], [phi, 0]]``, ``Phi^-1 = 2 I - Phi`` and
    ``Lambda = diag(lambda_in, lambda_out)``. Inbound nodes come first.

    Parameters
    ----------
    eigenvectors : ndarray of shape (n_in, n_out)
        Non-trivial components phi of the eigenvectors, transposed as in :func:`transfer_weights`.
    eigenvalues_in : ndarray of shape (n_in,)
        Eigenvalues of the inbound nodes.
    eigenvalues_out : ndarray of shape (n_out,)
        Eigenvalues of the outbound nodes.

    Returns
    -------
    adjacency : ndarray of shape (n_in + n_out, n_in + n_out)
        Its eigenvalues are the given ones; its lower-left block is ``weights.T``.

    Raises
    ------
    ValueError
        If the nodes have not one eigenvalue each.

    References
    ----------
    Giambagli et al., "Machine learning in spectral domain", Nat. Commun. 12:1330 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.spectral import adjacency_matrix
    >>> adjacency_matrix(np.array([[2.0]]), np.array([3.0]), np.array([1.0]))
    array([[3., 0.],
           [4., 1.]])
    """
    eigenvectors, *eigenvalues = _checked(eigenvectors, eigenvalues_in, eigenvalues_out)
    n_in, n_out = eigenvectors.shape
    basis = np.eye(n_in + n_out, dtype=eigenvectors.dtype)
    basis[n_in:, :n_in] = eigenvectors.T
    inverse = 2 * np.eye(n_in + n_out, dtype=eigenvectors.dtype) - basis
    return basis * np.concatenate(eigenvalues) @ inverse


def _checked(*transfer):
    """The arrays of a transfer; broadcasting would give some nodes the eigenvalue of another."""
    eigenvectors, eigenvalues_in, eigenvalues_out = map(np.asarray, transfer)
    lengths = [(n,) for n in eigenvectors.shape]
    if [eigenvalues_in.shape, eigenvalues_out.shape] != lengths:
        raise ValueError(
            f"Got eigenvalues of shape {eigenvalues_in.shape} and {eigenvalues_out.shape} for "
            f"eigenvectors of shape {eigenvectors.shape}; give one for each inbound node and one "
            "for each outbound node."
        )
    return eigenvectors, eigenvalues_in, eigenvalues_out


@dataclass
class Parameters:
    """The parameters of one network, transfer by transfer, as numpy arrays.

    Attributes
    ----------
    eigenvectors : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    eigenvalues_in : list of ndarray of shape (n_in,)
    eigenvalues_out : list of ndarray of shape (n_out,)
    """

    eigenvectors: list
    intercepts: list
    eigenvalues_in: list
    eigenvalues_out: list

    @classmethod
    def from_weights(cls, weights, intercepts, eigenvalues):
        """Spectral form of given weights, with the eigenvalues that training starts from."""
        pairs = [initial_eigenvalues(*w.shape, eigenvalues, w.dtype) for w in weights]
        into, out_of = map(list, zip(*pairs, strict=True))
        return cls(
            eigenvectors=[w / gates(*pair) for w, pair in zip(weights, pairs, strict=True)],
            intercepts=[np.array(b) for b in intercepts],
            eigenvalues_in=into,
            eigenvalues_out=out_of,
        )

    def with_initial_eigenvalues(self, eigenvalues):
        """The same eigenvectors, with the eigenvalues that training starts from."""
        pairs = [initial_eigenvalues(*p.shape, eigenvalues, p.dtype) for p in self.eigenvectors]
        into, out_of = map(list, zip(*pairs, strict=True))
        return replace(self, eigenvalues_in=into, eigenvalues_out=out_of)

    @property
    def weights(self):
        """The weight matrices, one of shape (n_in, n_out) for each transfer."""
        transfers = zip(self.eigenvectors, self.eigenvalues_in, self.eigenvalues_out, strict=True)
        return [transfer_weights(*transfer) for transfer in transfers]

    @property
    def widths(self):
        """Nodes of each layer, inputs first, tuple of int."""
        return (len(self.eigenvectors[0]), *map(len, self.intercepts))

    def map(self, function):
        """A function of every array."""
        return Parameters(
            [function(a) for a in self.eigenvectors],
            [function(a) for a in self.intercepts],
            [function(a) for a in self.eigenvalues_in],
            [function(a) for a in self.eigenvalues_out],
        )

    def take(self, nodes):
        """The network of some nodes of each layer.

        Parameters
        ----------
        nodes : list of ndarray
            Indices or masks of the nodes of each layer, inputs first and outputs last.

        Returns
        -------
        parameters : Parameters
            Copies.
        """
        pairs = list(zip(nodes[:-1], nodes[1:], strict=True))
        return Parameters(
            [phi[np.ix_(*pair)] for phi, pair in zip(self.eigenvectors, pairs, strict=True)],
            [b[right] for b, (_, right) in zip(self.intercepts, pairs, strict=True)],
            [values[left] for values, (left, _) in zip(self.eigenvalues_in, pairs, strict=True)],
            [values[right] for values, (_, right) in zip(self.eigenvalues_out, pairs, strict=True)],
        )

    def put_into(self, whole, nodes):
        """A copy of a network, with these parameters in the places that :meth:`take` had them from.

        Parameters
        ----------
        whole : Parameters
        nodes : list of ndarray of int
            Indices of the nodes of each layer.

        Returns
        -------
        parameters : Parameters
        """
        other = whole.map(np.copy)
        for t, (rows, columns) in enumerate(zip(nodes[:-1], nodes[1:], strict=True)):
            other.eigenvectors[t][np.ix_(rows, columns)] = self.eigenvectors[t]
            other.intercepts[t][columns] = self.intercepts[t]
            other.eigenvalues_in[t][rows] = self.eigenvalues_in[t]
            other.eigenvalues_out[t][columns] = self.eigenvalues_out[t]
        return other

    def scaled(self, layer, nodes, factor):
        """A copy in which what enters and leaves some nodes of a layer is times `factor`."""
        other = self.map(np.copy)
        if layer:
            other.eigenvectors[layer - 1][:, nodes] *= factor
            other.intercepts[layer - 1][nodes] *= factor
        other.eigenvalues_in[layer][nodes] *= factor
        other.eigenvectors[layer][nodes] *= factor
        return other

    def penalty(self, strengths, eigenvalues):
        """The penalty on the parameters.

        Parameters
        ----------
        strengths : dict of str to float
            Of the ``"eigenvectors"`` and ``"eigenvalues"``, or of dense ``"weights"``.
        eigenvalues : {"in", "out", "both"} or None
            Which of them are trained; None for a dense network.

        Returns
        -------
        penalty : float
        """
        phi = _sum_of_squares(self.eigenvectors)
        if eigenvalues is None:
            return strengths["weights"] * phi
        own = _sum_of_squares([*self.eigenvalues_in, *self.eigenvalues_out])
        return strengths["eigenvectors"] * phi + strengths["eigenvalues"] * own


def _sum_of_squares(arrays):
    return sum(np.square(array, dtype=np.float64).sum() for array in arrays)


def glorot_uniform(widths, activation, rng, dtype=np.float64, fit_intercept=True):
    """Random weights and intercepts to start from, as scikit-learn's MLP draws them.

    Uniform within ``sqrt(c / (n_in + n_out))``, c = 2 for the logistic function and 6 otherwise
    (Glorot and Bengio, AISTATS 2010). Drawn in double precision, so that both precisions start
    from the same point.

    Parameters
    ----------
    widths : sequence of int
        Nodes of each layer, inputs first.
    activation : str
        Activation of the hidden layers.
    rng : numpy.random.Generator
        Source of the numbers.
    dtype : dtype, default=float64
        Precision of what is returned.
    fit_intercept : bool, default=True
        Without it the intercepts are zero.

    Returns
    -------
    weights : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    """
    factor = 2.0 if activation == "logistic" else 6.0
    weights, intercepts = [], []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        bound = np.sqrt(factor / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
        b = rng.uniform(-bound, bound, n_out) if fit_intercept else np.zeros(n_out)
        intercepts.append(b.astype(dtype))
    return weights, intercepts
