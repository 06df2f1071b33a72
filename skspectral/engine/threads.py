"""One thread, so that results do not depend on the number of cores."""

from contextlib import contextmanager
from functools import cache
from threading import Lock, get_ident

import torch
from threadpoolctl import ThreadpoolController

_lock = Lock()
_running = []  # the threads of Python whose trainings overlap, the first in front
_found = {}  # what the first of them has found


@cache
def blas():
    """The controller of NumPy's and SciPy's BLAS, found once: that takes a millisecond."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread():
    """Torch and BLAS on one thread.

    The number of a BLAS holds for the process, so the last of the trainings that overlap restores
    what the first has found. (If the BLAS is on OpenMP, each thread of Python has its own.) Torch
    has one for each thread of Python, but new ones begin with that of the last call.
    """
    with _lock:
        n_threads, limit = torch.get_num_threads(), blas().limit(limits=1)
        if not _running:
            _found.update(n_threads=n_threads, limit=limit)
        elif n_threads == 1 and get_ident() not in _running:  # from another training
            n_threads = _found["n_threads"]
        _running.append(get_ident())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _running.remove(get_ident())
            torch.set_num_threads(n_threads)
            if _is_of_each_thread():
                limit.restore_original_limits()
            elif not _running:
                _let_go()  # a thread that began, and ended before this one, may be in control
                _found["limit"].restore_original_limits()
                _let_go()


def _let_go():
    """Let any thread of Python set the number, as threadpoolctl does after a limit."""
    for library in blas().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):  # OpenBLAS, since threadpoolctl 3.8
            library.clear_controlling_thread(force=True)


def _is_of_each_thread():
    layers = {getattr(library, "threading_layer", None) for library in blas().lib_controllers}
    return layers == {"openmp"}
