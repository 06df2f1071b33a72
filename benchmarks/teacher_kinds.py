"""Other teachers than those of teacher_size.py: tanh, wide, deep, with biases, lines, targets,
or classes.

8000 rows, no noise, students of five times the width, all settings at their defaults but the
widths and the activation. For each kind the sizes of each hidden layer in all trials: of the core
of the student, of what SpectralPruner leaves, and the effective size, what its search leaves of the
teacher itself. Trial k has teacher, data and student from seed k; none is left out.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from teacher_size import as_student, print_row, start_table, trial_options

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_classification, make_teacher_regression
from skspectral.pruner.recovery import recover

# Inputs, hidden layers, activation, targets and classes of the teacher, and the standard deviation
# of the biases of its hidden nodes; or a line: the first node is always on.
KINDS = [
    (10, (5,), "tanh", 1, None, 0),
    (20, (10,), "tanh", 1, None, 0),
    (40, (20,), "tanh", 1, None, 0),
    (5, (10,), "relu", 1, None, 0),
    (10, (20,), "relu", 1, None, 0),
    (10, (40,), "relu", 1, None, 0),
    (20, (10,), "relu", 1, None, 0.3),
    (10, (20,), "relu", 1, None, 0.3),
    (20, (10,), "relu", 1, None, 1),
    (10, (20,), "relu", 1, None, 1),
    (10, (5,), "relu", 1, None, "a line"),
    (20, (11,), "relu", 1, None, "a line"),
    (10, (5, 3), "relu", 1, None, 0),
    (20, (10, 5), "relu", 1, None, 0),
    (20, (10,), "relu", 3, None, 0),
    (20, (10,), "relu", 30, None, 0),
    (20, (10, 5), "relu", 3, None, 0),
    (20, (10,), "tanh", 3, None, 0),
    (10, (5,), "relu", None, 2, 0),
    (20, (10,), "relu", None, 3, 0),
    (20, (10, 5), "relu", None, 3, 0),
]


def trial(n_inputs, sizes, activation, n_targets, n_classes, biases, seed):
    """Sizes of the core, of what the pruner leaves, and effective, and the score on fresh rows."""
    settings = {
        "n_samples": 10_000,
        "n_features": n_inputs,
        "hidden_layer_sizes": sizes,
        "activation": activation,
        "return_teacher": True,
        "random_state": seed,
    }
    if n_classes is None:
        X, y, teacher = make_teacher_regression(n_targets=n_targets, **settings)
        if biases == "a line":
            teacher.intercepts_[0][0] = 10.0
        elif biases:
            rng = np.random.default_rng(seed)
            teacher.intercepts_[:-1] = [biases * rng.standard_normal(n) for n in sizes]
        if biases:
            y = teacher.predict(X)
        estimator = SpectralMLPRegressor
    else:
        X, y, teacher = make_teacher_classification(n_classes=n_classes, **settings)
        estimator = SpectralMLPClassifier
    student = estimator([5 * n for n in sizes], activation=activation, random_state=seed)
    rows = X[:8000], y[:8000]
    pruner = SpectralPruner(student).fit(*rows)
    _, masks = recover(as_student(teacher, estimator, *rows), *rows)
    effective = [mask.sum() for mask in masks[1:]]
    score = pruner.score(X[8000:], y[8000:])
    return pruner.estimator_.core_sizes_, pruner.n_nodes_, effective, score


def main():
    options = trial_options(__doc__, 10).parse_args()
    names = "core", "pruner", "effective", "pruner exact", "pruner effective", "score"
    start_table(options, "teacher", "inputs", "nodes", *names)
    for kind in KINDS:
        report(kind, options)


def report(kind, options):
    """Run and print one kind, a row for each hidden layer."""
    results = Parallel(n_jobs=options.jobs)(
        delayed(trial)(*kind, seed) for seed in range(options.trials)
    )
    n_inputs, sizes, activation, n_targets, n_classes, biases = kind
    core, pruned, effective, scores = map(np.array, zip(*results, strict=True))
    outputs = f"{n_classes} classes" if n_targets is None else f"{n_targets} targets"
    name = activation if n_targets == 1 else f"{activation} with {outputs}"
    if biases:
        name += " with a line" if biases == "a line" else f" with biases of {biases}"
    for layer, size in enumerate(sizes):
        lists = [" ".join(map(str, found[:, layer])) for found in (core, pruned, effective)]
        shares = [(pruned[:, layer] == size).mean(), (pruned == effective)[:, layer].mean()]
        shares = [f"{share:.0%}" for share in shares]
        print_row(
            f"{name} layer {layer + 1}", n_inputs, size, *lists, *shares, f"{scores.mean():.4f}"
        )


if __name__ == "__main__":
    main()
