"""Students of several widths learn from a teacher of ten hidden nodes.

Prints what each shows of the teacher's size, with squared errors over the variance, and draws the
relevance of their nodes and what it costs to remove them: the wider the student, the more nodes it
leaves empty. The core may lack a node or two that matter least; the pruner brings them back.
"""

from pathlib import Path

import matplotlib
import numpy as np

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.inspection import PruningCurveDisplay, RelevanceDisplay

matplotlib.use("agg")
from matplotlib import pyplot as plt

N_TEACHER, WIDTHS = 10, [15, 40, 100]


def main():
    X, y, teacher = make_teacher_regression(
        8000, 20, hidden_layer_sizes=N_TEACHER, return_teacher=True, random_state=0
    )
    X_test, y_test = make_teacher_regression(10_000, 20, teacher=teacher, random_state=1)
    students = [SpectralMLPRegressor(h, random_state=0).fit(X, y) for h in WIDTHS]
    print("   h  core  pruner  error of the student  of what the pruner leaves")
    for h, student in zip(WIDTHS, students, strict=True):
        pruner = SpectralPruner(student, prefit=True).fit(X, y)
        full, small = (
            np.mean((network.predict(X_test) - y_test) ** 2) / y_test.var()
            for network in (student, pruner)
        )
        print(f"{h:4} {student.core_sizes_[0]:5} {pruner.n_nodes_[0]:7} {full:21.0e} {small:26.0e}")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    RelevanceDisplay.from_estimator(students, ax=left)
    PruningCurveDisplay.from_estimator(students, X_test, y_test, teacher_size=N_TEACHER, ax=right)
    figure.tight_layout()
    path = Path("teacher.png")
    figure.savefig(path, dpi=150)
    print(f"Relevance and pruning curves: {path}")


if __name__ == "__main__":
    main()
