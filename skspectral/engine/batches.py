"""The rows that each member sees at each step."""

import numpy as np
import torch
from scipy.sparse import hstack

# Values of X that are picked together: few calls for small batches, little memory for large ones.
_GATHERED = 2**17


class Batches:
    """Minibatches for a population, from its sources, each with its own rows, order and weights.

    The rows of a source are split into batches whose sizes differ by at most one. Where a source
    has a smaller batch than another, rows of weight zero fill it up.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_inputs)
        The data of all. Sparse rows become dense a batch at a time.
    targets : list of ndarray of shape (n_rows_s, n_outputs)
        Targets of the rows of each source.
    rows : list of ndarray of shape (n_rows_s,), default=None
        Rows of X of each source; None is all of them for every source.
    weights : list of ndarray of shape (n_rows_s,), default=None
        Sample weights of mean one, so that a batch estimates the mean loss over all rows.
    batch_size : int, default=None
        Largest number of rows of a batch; None is all of them.
    generators : list of (numpy.random.Generator or None), default=None
        Order of the rows of each source, drawn anew each epoch; None keeps them as they are. Where
        there is a single batch, which is made once and kept, none is drawn.
    constants : tuple of float, default=()
        Values of columns that X gets after its own, see
        :attr:`~skspectral.engine.network.Architecture.constants`.
    dtype : torch.dtype
    device : torch.device or str
    """

    def __init__(
        self,
        X,
        targets,
        *,
        rows=None,
        weights=None,
        batch_size=None,
        generators=None,
        constants=(),
        dtype=torch.float64,
        device="cpu",
    ):
        self._dtype, self._device = dtype, device
        self._n_rows = np.array([len(member) for member in targets])
        self._starts = np.cumsum(self._n_rows) - self._n_rows
        self._generators = generators or [None] * len(targets)
        if rows is None:
            rows = [np.arange(X.shape[0])] * len(targets)
        self._rows = np.concatenate(rows)
        self._set_inputs(X, constants)
        self._targets = self._tensor(np.concatenate(targets))
        self._weights = None if weights is None else self._tensor(np.concatenate(weights)[:, None])
        self._plan(batch_size or self._n_rows.max())

    def __len__(self):
        """Batches in one epoch."""
        return len(self._sizes)

    @property
    def size(self):
        """Rows of the largest batch."""
        return max(self._sizes)

    def keep(self, columns, constants):
        """Go on with some of the inputs that there are, and with the constants for so many."""
        X = self._X if hasattr(self._X, "tocsr") else self._X.numpy()
        # What there was is let go before the next copy is made.
        self._X = X = X[:, columns]
        self._set_inputs(X, constants)

    def forget(self):
        """Let go of what is kept for the sources that were asked for, as others will be."""
        self._picked, self._whole = {}, {}

    def draw(self):
        """An order of the rows of all sources, for one pass over them."""
        orders = [self._order(k) for k in range(len(self._n_rows))]
        if len(orders) == 1:
            return orders[0]
        return np.concatenate([a + order for a, order in zip(self._starts, orders, strict=True)])

    def epoch(self, order=None, sources=slice(None)):
        """One pass over the rows of some sources.

        Parameters
        ----------
        order : ndarray, default=None
            What :meth:`draw` gave; by default it is asked. Of no effect on a single batch.
        sources : slice, default=slice(None)
            S of the sources, one after the other.

        Yields
        ------
        X : tensor of shape (S, size, n_inputs + number of constants)
            In a buffer that later batches overwrite. Nothing of it may be changed.
        targets : tensor of shape (S, 1, size, n_outputs)
        weights : tensor of shape (S, 1, size, 1) or None
            Sample weight over the number of rows that the source has in the batch; None stands
            for one over `size` throughout.
        """
        if len(self) > 1:
            yield from self._epoch(self.draw() if order is None else order, sources)
            return
        # A batch of all rows is the same in any order.
        key = sources.start, sources.stop
        if key not in self._whole:
            self._whole[key] = list(self._epoch(self.draw(), sources))
            self._buffer = self._buffer[:0]
        yield from self._whole[key]

    def _epoch(self, order, sources):
        n_sources = len(self._n_rows[sources])
        for slots, sizes, scales in self._picks(sources):
            places = order[slots]
            parts = [self._inputs(self._rows[places]).view(n_sources, -1, self._n_columns)]
            index = self._index(places)
            parts += [
                values.index_select(0, index).view(n_sources, 1, -1, values.shape[1])
                for values in (self._targets, self._weights)
                if values is not None
            ]
            parts = [part.split_with_sizes(sizes, dim=part.ndim - 2) for part in parts]
            for scale, X, targets, *weighted in zip(scales, *parts, strict=True):
                weights = None if scale is None else scale[sources]
                if weighted:
                    weights = weighted[0] if weights is None else weighted[0].mul_(weights)
                yield X, targets, weights

    def _picks(self, sources):
        """Batches that are picked together: places in the order, sizes, scales of the rows."""
        key = sources.start, sources.stop
        if key not in self._picked:
            n_sources = len(self._n_rows[sources])
            n = max(1, _GATHERED // (n_sources * self.size * self._n_columns))
            parts = [slice(first, first + n) for first in range(0, len(self), n)]
            self._picked[key] = [
                (self._slots(part, sources), self._sizes[part], self._scales[part])
                for part in parts
            ]
        return self._picked[key]

    def _slots(self, part, sources):
        """Places in the order, source by source, so that a batch is a view of what is picked."""
        last = self._n_rows[sources, None] - 1
        firsts = zip(self._firsts[part, sources], self._sizes[part], strict=True)
        slots = [np.minimum(first[:, None] + np.arange(size), last) for first, size in firsts]
        return (self._starts[sources, None] + np.hstack(slots)).ravel()

    def _set_inputs(self, X, constants):
        sparse = hasattr(X, "tocsr")
        if constants:
            parts = X, np.full((X.shape[0], len(constants)), constants, X.dtype)
            X = hstack(parts, format="csr") if sparse else np.hstack(parts)
        self._X = X if sparse else self._tensor(X)
        self._n_columns = X.shape[1]
        # One buffer for all: fresh memory for each would cost more than the copy itself.
        self._buffer = self._tensor(np.empty(0, X.dtype))
        self.forget()

    def _plan(self, batch_size):
        """Fix where in the order of each source its batches begin, their sizes, and the scale of
        their rows."""
        n_batches = -(-self._n_rows.max() // batch_size)
        edges = np.arange(n_batches + 1)[:, None] * self._n_rows // n_batches
        self._firsts, self._sizes, self._scales = edges[:-1], [], []
        for first, last in zip(edges[:-1], edges[1:], strict=True):
            sizes = last - first
            size = sizes.max()
            filled = np.arange(size) < sizes[:, None]
            scale = filled / np.maximum(sizes, 1)[:, None]
            self._sizes.append(int(size))
            plain = filled.all() and self._weights is None
            self._scales.append(None if plain else self._tensor(scale[:, None, :, None]))

    def _order(self, k):
        n = self._n_rows[k]
        generator = self._generators[k]
        return np.arange(n) if generator is None or len(self) == 1 else generator.permutation(n)

    def _inputs(self, rows):
        if isinstance(self._X, torch.Tensor):
            n = len(rows)
            if len(self._buffer) < n:
                self._buffer = self._X.new_empty(n, self._X.shape[1])
            return torch.index_select(self._X, 0, self._index(rows), out=self._buffer[:n])
        return self._tensor(self._X[rows].toarray())

    def _index(self, values):
        return torch.from_numpy(values).to(self._device)

    def _tensor(self, values):
        # torch.from_numpy warns about memory that is not writeable, such as a memory map.
        array = np.require(values, requirements=["C", "W"])
        return torch.from_numpy(array).to(self._device, self._dtype)
