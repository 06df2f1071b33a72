"""Finished groups of fits, kept for the same search when it is run again."""

from pickle import PicklingError

import joblib
from sklearn.utils.validation import check_memory

from skspectral.model_selection.together import fit_and_score_together


class KeptGroups:
    """Runs groups of fits, or finds in a memory what they came to.

    Groups with a fit that failed are not kept: the cause may be mended.

    Parameters
    ----------
    memory : str or object with the interface of joblib.Memory, default=None
        None keeps nothing.
    **options
        For :func:`~skspectral.model_selection.together.fit_and_score_together`, and what says that
        a search is the same, but for `messages`.
    messages : dict
        More of them, for what is printed only.

    Raises
    ------
    TypeError
        If an option cannot be distinguished from another of its kind, such as a lambda.
    """

    def __init__(self, memory, *, messages, **options):
        self._options = options | messages
        self._run = check_memory(memory).cache(_all_fitted, ignore=["group", "options"])
        self._search = None if memory is None else _key(options)

    def of(self, group):
        """Function and arguments that give the results of a group, in whatever process."""
        # Made here: what a script defines has another name, or none, where a worker gets it.
        key = None if self._search is None else _key([self._search, group])
        return _results, (self._run, key, group, self._options)


class _FailedError(Exception):
    """A fit of a group failed; the results are the argument."""


def _all_fitted(key, group, options):
    results = fit_and_score_together(tasks=group, **options)
    if any(result["fit_error"] is not None for result in results):
        raise _FailedError(results)
    return results


def _results(run, key, group, options):
    try:
        return run(key, group, options)
    except _FailedError as failure:
        return failure.args[0]


def _key(value):
    try:
        return joblib.hash(value)
    except (PicklingError, AttributeError, TypeError) as error:
        raise TypeError(
            f"memory= keeps a search under what can be pickled, but {error.args[0]}; define "
            "functions and classes at the top of a module, or set memory=None."
        ) from error
