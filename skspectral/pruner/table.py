"""The rows that the data choose by, of which a problem takes some columns."""

from typing import NamedTuple

import numpy as np

from skspectral.pruner.free import FreeNetwork, Problem


class Choice(NamedTuple):
    """Some of the columns, and a network for them.

    Attributes
    ----------
    problem : Problem
        With these columns.
    network : FreeNetwork
        Trained.
    inputs : ndarray of int
        The columns.
    """

    problem: Problem
    network: FreeNetwork
    inputs: np.ndarray

    @property
    def criterion(self):
        """The smaller, the better; each input costs what its weights do."""
        return self.problem.criterion(self.network)


class Table:
    """The rows to learn, and what else there is to a problem.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    rows : ndarray of int
    selects_inputs : bool
        Whether an input stays only if noise would seldom gain as much, and not already if that
        pays.
    **others
        What else there is to a :class:`~skspectral.pruner.free.Problem`.
    """

    def __init__(self, X, rows, *, selects_inputs, **others):
        self._X = X.tocsc() if hasattr(X, "tocsr") else np.asarray(X)
        self._rows, self._others = rows, others
        self.n_columns, self.selects_inputs = self._X.shape[1], selects_inputs

    def columns(self, columns, rows=slice(None)):
        """Some columns, for some of the rows."""
        X = self._X[:, columns][self._rows[rows]]
        return (X.toarray() if hasattr(X, "toarray") else X).astype(float)

    def problem(self, inputs):
        """The problem with these inputs."""
        return Problem(self.columns(inputs), **self._others)
