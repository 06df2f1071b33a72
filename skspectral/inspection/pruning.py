"""The score of a network against the number of nodes kept."""

from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skspectral.inspection.arguments import fitted_network, whole_numbers, within
from skspectral.pruner.curve import curve_sizes, scores_of_sizes


def pruning_curve(estimator, X, y, *, scoring=None, sizes=None):
    """Score of a fitted network against the number of hidden nodes kept.

    Hidden nodes, of all layers together, are removed by their relevance over the largest of their
    layer, the smallest first; each layer keeps its most relevant node. Nothing is trained again.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline
        Fitted; a Pipeline ends in one of the networks. A search stands for its best estimator, a
        pruner for the full one. It stays as it is.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data to score on, fresh ones at best. The steps of a Pipeline transform them once.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target of X.
    scoring : str or callable, default=None
        A scorer of scikit-learn, called with the network and the transformed X; None is the
        ``score`` of the estimator.
    sizes : int or array-like of int, default=None
        Numbers of nodes to keep, from one for each hidden layer to all. None takes all numbers up
        to 40 and about 40 more at equal ratios up to the whole network.

    Returns
    -------
    curve : Bunch
        Dictionary-like, with the attributes below.

        n_nodes : ndarray of shape (n_sizes,)
            Numbers of nodes kept, rising.
        scores : ndarray of shape (n_sizes,)
            Score of the network cut to each, in the unit of the scorer.
        score_full : float
            Score of the whole network.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If the estimator is no such network or has no hidden layer, if `sizes` are out of range, or
        if `scoring` is more than one scorer.

    See Also
    --------
    PruningCurveDisplay : Draws it.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, change of the test error under node pruning.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral import SpectralMLPRegressor
    >>> from skspectral.inspection import pruning_curve
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> y = np.abs(X[:, 0])
    >>> mlp = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
    >>> curve = pruning_curve(mlp.fit(X, y), X, y, sizes=[1, 2, 20])
    >>> curve.n_nodes
    array([ 1,  2, 20])
    >>> bool(curve.scores[0] < 0.9 < curve.scores[1])
    True
    """
    estimator = within(estimator)
    network = fitted_network(estimator, "node_importances_", "eigenvectors_")
    relevances = network.node_importances_
    n_layers, n_all = len(relevances), sum(map(len, relevances))
    if n_layers == 0:
        raise ValueError("The network has no hidden layer; give one with nodes to remove.")
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise ValueError(
            f"scoring={scoring!r} is not one scorer; give a name, a callable or None, and call "
            "pruning_curve once for each score."
        )
    sizes = curve_sizes(network) if sizes is None else sizes
    sizes = whole_numbers("sizes", sizes, n_layers, n_all)
    scorer = check_scoring(network, scoring=scoring)
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        X = estimator[:-1].transform(X)
    scores = scores_of_sizes(network, X, y, scorer, sizes)
    return Bunch(n_nodes=sizes, scores=scores, score_full=scorer(network, X, y))
