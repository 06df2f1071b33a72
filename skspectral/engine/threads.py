"""One thread, so that results do not depend on the number of cores."""

from contextlib import contextmanager
from functools import cache
from threading import Lock

import torch
from threadpoolctl import ThreadpoolController

_lock = Lock()
_before = []  # what each of the trainings that overlap has found, the first in front


@contextmanager
def one_thread():
    """Torch and BLAS on one thread.

    The number of a BLAS holds for the process, and that of torch for threads of Python to come. So
    trainings that overlap restore what the first of them found, and the BLAS once all have ended.
    """
    with _lock:
        _before.append((torch.get_num_threads(), _blas().limit(limits=1)))
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            n_threads, limit = _before[0]
            _before.pop()
            torch.set_num_threads(n_threads)
            if not _before:
                _let_go()  # a thread that began, and ended before this one, may be in control
                limit.restore_original_limits()
                _let_go()


def _let_go():
    """Let any thread of Python set the number, as threadpoolctl does after a limit."""
    for library in _blas().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):  # OpenBLAS, since threadpoolctl 3.8
            library.clear_controlling_thread(force=True)


@cache
def _blas():
    return ThreadpoolController().select(user_api="blas")  # found once: that takes a millisecond
