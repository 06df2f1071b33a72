"""Data made by a teacher: a network whose size is known."""

from numbers import Integral, Real

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_params

from skspectral.export import as_fitted
from skspectral.forward import DERIVATIVES, forward

# Rows on which the outputs of a new classifying teacher are centred, so that few classes are rare.
_N_CENTRING = 10_000

_CONSTRAINTS = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "n_features": [Interval(Integral, 1, None, closed="left")],
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(DERIVATIVES))],
    "n_irrelevant": [Interval(Integral, 0, None, closed="left")],
    "teacher": [HasMethods(["predict"]), None],
    "return_teacher": ["boolean"],
    "random_state": ["random_state"],
}


@validate_params(
    {
        **_CONSTRAINTS,
        "n_targets": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def make_teacher_regression(
    n_samples=1000,
    n_features=10,
    *,
    n_targets=1,
    hidden_layer_sizes=(20,),
    activation="relu",
    noise=0.0,
    n_irrelevant=0,
    teacher=None,
    return_teacher=False,
    random_state=None,
):
    """Regression data: normal inputs, and what a random network, the teacher, makes of them.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows.
    n_features : int, default=10
        Columns, those without effect included.
    n_targets : int, default=1
        Outputs of the teacher.
    hidden_layer_sizes : int or array-like of int, default=(20,)
        Nodes of each hidden layer of the teacher; without any it is linear.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Activation of its hidden layers.
    noise : float, default=0.0
        Standard deviation of the normal noise on y, as a share of that of what the teacher says; of
        several targets each has its own.
    n_irrelevant : int, default=0
        Columns without effect on y: the last ones.
    teacher : object, default=None
        An earlier teacher, to have fresh data of; the parameters of the teacher, `n_targets` among
        them, are then not used. None makes one: weights uniform as Glorot's, no intercepts.
    return_teacher : bool, default=False
        Whether to return the teacher, too.
    random_state : int, RandomState instance or None, default=None
        Seed of teacher, inputs and noise.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Independent standard normal inputs.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        The target, or the targets.
    teacher : MLPRegressor
        A fitted scikit-learn network: ``teacher.predict(X)`` is y without its noise. Only with
        `return_teacher`.

    Raises
    ------
    ValueError
        If there are not more columns than irrelevant ones, or the teacher is of another number of
        columns or a classifier.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, teacher and student.

    Examples
    --------
    >>> from skspectral.datasets import make_teacher_regression
    >>> X, y, teacher = make_teacher_regression(
    ...     n_features=6, hidden_layer_sizes=3, n_irrelevant=2, return_teacher=True, random_state=0
    ... )
    >>> X.shape, teacher.hidden_layer_sizes
    ((1000, 6), (3,))
    >>> X_new, y_new = make_teacher_regression(n_features=6, teacher=teacher, random_state=1)
    >>> bool((teacher.predict(X_new) == y_new).all())
    True
    """
    rng = check_random_state(random_state)
    if hasattr(teacher, "classes_"):
        raise ValueError(
            f"teacher={teacher!r} has classes_; give a fitted regressor, or use "
            "make_teacher_classification."
        )
    if teacher is None:
        teacher = _teacher(
            MLPRegressor(activation=activation),
            n_features,
            n_irrelevant,
            hidden_layer_sizes,
            n_targets,
            rng,
        )
    X = _inputs(n_samples, n_features, teacher, rng)
    y = teacher.predict(X)
    if noise > 0:
        y = y + noise * y.std(axis=0) * rng.standard_normal(y.shape)
    return (X, y, teacher) if return_teacher else (X, y)


@validate_params(
    {
        **_CONSTRAINTS,
        "n_classes": [Interval(Integral, 2, None, closed="left")],
        "flip_y": [Interval(Real, 0, 1, closed="both")],
    },
    prefer_skip_nested_validation=True,
)
def make_teacher_classification(
    n_samples=1000,
    n_features=10,
    *,
    n_classes=2,
    hidden_layer_sizes=(20,),
    activation="relu",
    flip_y=0.0,
    n_irrelevant=0,
    teacher=None,
    return_teacher=False,
    random_state=None,
):
    """Classes: normal inputs, and those that a random network, the teacher, gives them.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows.
    n_features : int, default=10
        Columns, those without effect included.
    n_classes : int, default=2
        Classes, labelled from 0.
    hidden_layer_sizes : int or array-like of int, default=(20,)
        Nodes of each hidden layer of the teacher; without any it is linear.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Activation of its hidden layers.
    flip_y : float, default=0.0
        Share of the rows whose class is drawn anew, of all classes alike.
    n_irrelevant : int, default=0
        Columns without effect on y: the last ones.
    teacher : object, default=None
        An earlier teacher, to have fresh data of; the parameters of the teacher and `n_classes` are
        then not used. None makes one: weights uniform as Glorot's, intercepts of the outputs only,
        such that each output has mean zero.
    return_teacher : bool, default=False
        Whether to return the teacher, too.
    random_state : int, RandomState instance or None, default=None
        Seed of teacher, inputs and flips.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Independent standard normal inputs.
    y : ndarray of shape (n_samples,)
        The class of the largest output of the teacher; of two classes the sign of the only one.
    teacher : MLPClassifier
        A fitted scikit-learn network: ``teacher.predict(X)`` is y without the flips. Only with
        `return_teacher`.

    Raises
    ------
    ValueError
        If there are not more columns than irrelevant ones, or the teacher is of another number of
        columns or no classifier that gives a row one class.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, teacher and student.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.datasets import make_teacher_classification
    >>> X, y = make_teacher_classification(n_classes=3, random_state=0)
    >>> X.shape, np.unique(y)
    ((1000, 10), array([0, 1, 2]))
    """
    rng = check_random_state(random_state)
    if teacher is not None and not hasattr(teacher, "classes_"):
        raise ValueError(
            f"teacher={teacher!r} has no classes_; give a fitted classifier, or use "
            "make_teacher_regression."
        )
    if teacher is None:
        n_outputs = 1 if n_classes == 2 else n_classes
        teacher = _teacher(
            MLPClassifier(activation=activation),
            n_features,
            n_irrelevant,
            hidden_layer_sizes,
            n_outputs,
            rng,
        )
        _give_classes(teacher, n_classes, rng)
    X = _inputs(n_samples, n_features, teacher, rng)
    y = teacher.predict(X)
    if y.ndim > 1:
        raise ValueError(
            f"teacher={teacher!r} gives a row {y.shape[1]} labels; give a classifier that gives "
            "one."
        )
    flipped = rng.uniform(size=n_samples) < flip_y
    y[flipped] = rng.choice(teacher.classes_, size=flipped.sum())
    return (X, y, teacher) if return_teacher else (X, y)


def _teacher(mlp, n_features, n_irrelevant, hidden_layer_sizes, n_outputs, rng):
    """A scikit-learn network with random weights, as if it were fitted."""
    if n_irrelevant >= n_features:
        raise ValueError(
            f"n_irrelevant={n_irrelevant} of n_features={n_features} columns leave the teacher "
            "none; give fewer than n_features."
        )
    sizes = np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object))
    if not all(isinstance(n, Integral) and n >= 1 for n in sizes):
        raise ValueError(
            f"hidden_layer_sizes={hidden_layer_sizes!r}; give a whole number of nodes, at least 1, "
            "for each hidden layer."
        )
    hidden = tuple(int(n) for n in sizes)
    widths = (n_features - n_irrelevant, *hidden, n_outputs)
    coefs = [
        rng.uniform(-1, 1, size=(n_in, n_out)) * np.sqrt(6 / (n_in + n_out))
        for n_in, n_out in zip(widths[:-1], widths[1:], strict=True)
    ]
    coefs[0] = np.vstack([coefs[0], np.zeros((n_irrelevant, widths[1]))])
    intercepts = [np.zeros(n) for n in widths[1:]]
    return as_fitted(mlp, coefs, intercepts, out_activation_="identity", n_iter_=0, t_=0)


def _give_classes(teacher, n_classes, rng):
    teacher.out_activation_ = "logistic" if n_classes == 2 else "softmax"
    teacher.classes_ = np.arange(n_classes)
    teacher._label_binarizer = LabelBinarizer().fit(teacher.classes_)
    X = rng.standard_normal((_N_CENTRING, teacher.n_features_in_))
    outputs = forward(X, teacher.coefs_, teacher.intercepts_, teacher.activation, "identity")
    teacher.intercepts_[-1] -= outputs.mean(axis=0)


def _inputs(n_samples, n_features, teacher, rng):
    n_expected = getattr(teacher, "n_features_in_", n_features)
    if n_features != n_expected:
        raise ValueError(
            f"n_features={n_features}, but the teacher has {n_expected}; give n_features="
            f"{n_expected}."
        )
    return rng.standard_normal((n_samples, n_features))
