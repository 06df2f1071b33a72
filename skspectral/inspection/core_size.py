"""The size of the core against the width of the network."""

from itertools import product

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed

from skspectral.inspection.arguments import OURS, one_of, whole_number, whole_numbers
from skspectral.pipelines import last_step


def core_size_curve(
    estimator,
    X,
    y,
    *,
    widths,
    n_repeats=3,
    test_size=0.25,
    dense=True,
    random_state=None,
    n_jobs=None,
):
    """Size of the core and test score of networks of several widths.

    Every width is fitted anew on `n_repeats` splits, spectral and dense from the same initial
    weights. A core whose size no longer grows with the width is what the data call for.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline
        What to fit clones of; a Pipeline ends in one of the networks. It stays as it is.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The input data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target.
    widths : int or array-like of int
        Nodes h of the first hidden layer; further layers stay as they are.
    n_repeats : int, default=3
        Splits, each with initial weights of its own. They are the same for every width.
    test_size : float or int, default=0.25
        Share or number of rows to score on, as in
        :func:`sklearn.model_selection.train_test_split`; stratified for a classifier.
    dense : bool, default=True
        Whether to fit the twins with plain weight decay as well.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits and of the networks.
    n_jobs : int, default=None
        Number of fits at a time; None is one, -1 as many as there are processors.

    Returns
    -------
    curve : Bunch
        Dictionary-like, with the attributes below.

        widths : ndarray of shape (n_widths,)
            The widths, rising.
        kinds : tuple of str
            ``("spectral", "dense")`` or ``("spectral",)``.
        core_sizes : ndarray of shape (n_kinds, n_widths, n_repeats)
            Nodes in the core of the first hidden layer.
        scores : ndarray of shape (n_kinds, n_widths, n_repeats)
            ``score`` of the estimator on the test rows.

    Raises
    ------
    ValueError
        If the estimator is no such network, `dense` is asked of one whose `trainable` is not
        ``"all"`` or is no boolean, or `widths` or `n_repeats` are not positive integers.

    See Also
    --------
    CoreSizeDisplay : Draws it.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, size of the core and test error against the width.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral import SpectralMLPRegressor
    >>> from skspectral.inspection import core_size_curve
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> mlp = SpectralMLPRegressor(solver="lbfgs")
    >>> curve = core_size_curve(
    ...     mlp, X, np.abs(X[:, 0]), widths=[10, 20], n_repeats=1, random_state=0
    ... )
    >>> curve.kinds
    ('spectral', 'dense')
    >>> curve.core_sizes[0].ravel()
    array([2, 2])
    >>> bool((curve.core_sizes[1] > 2).all())
    True
    """
    network = last_step(estimator)
    if not hasattr(network, "parametrization"):
        raise ValueError(
            f"Got {type(network).__name__}, which has no parameter parametrization; give a {OURS}."
        )
    if one_of("dense", dense, (True, False)) and network.trainable != "all":
        raise ValueError(
            f"The network has trainable={network.trainable!r}, and the dense twins have no "
            "eigenvalues to train or to leave; give dense=False."
        )
    widths = whole_numbers("widths", widths, 1)
    n_repeats = whole_number("n_repeats", n_repeats, 1)
    rng = check_random_state(random_state)
    seeds = rng.randint(np.iinfo(np.int32).max, size=(n_repeats, 2)).tolist()
    kinds = ("spectral", "dense") if dense else ("spectral",)
    results = Parallel(n_jobs=n_jobs)(
        delayed(_core_and_score)(estimator, X, y, kind, int(width), test_size, *pair)
        for kind, width, pair in product(kinds, widths, seeds)
    )
    sizes, scores = zip(*results, strict=True)
    shape = (len(kinds), len(widths), n_repeats)
    return Bunch(
        widths=widths,
        kinds=kinds,
        core_sizes=np.reshape(sizes, shape),
        scores=np.reshape(scores, shape),
    )


def _core_and_score(estimator, X, y, kind, width, test_size, split_seed, seed):
    """Size of the first core and test score of one fit."""
    model = clone(estimator)
    network = last_step(model)
    sizes = network.hidden_layer_sizes
    network.hidden_layer_sizes = width if np.ndim(sizes) == 0 else (width, *sizes[1:])
    network.parametrization, network.random_state = kind, seed
    strata = y if is_classifier(network) and np.ndim(y) == 1 else None
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=test_size, random_state=split_seed, stratify=strata
    )
    model.fit(X, y)
    return network.core_sizes_[0], model.score(X_test, y_test)
