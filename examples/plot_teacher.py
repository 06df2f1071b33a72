"""
How wide must the network be?
=============================

A teacher, a frozen network of ten hidden nodes, makes the data, and students of other widths learn
from them. Whatever their width, a core of about the teacher's size is left, and the pruner finds
the teacher in it. This is a small version of the figures of Giambagli et al. (arXiv:2310.12612),
whose own experiment :doc:`/paper` repeats.
"""

# %%
# 8000 rows of twenty inputs, without noise. The teacher comes back as a fitted network.
import matplotlib.pyplot as plt
import numpy as np

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.inspection import (
    CoreSizeDisplay,
    PathDisplay,
    PruningCurveDisplay,
    RelevanceDisplay,
)

N_TEACHER = 10
X, y, teacher = make_teacher_regression(
    8000, 20, hidden_layer_sizes=N_TEACHER, return_teacher=True, random_state=0
)
X_test, y_test = make_teacher_regression(10_000, 20, teacher=teacher, random_state=1)
students = [SpectralMLPRegressor(h, random_state=0).fit(X, y) for h in (15, 40, 100)]

# %%
# What a network has kept
# -----------------------
# The relevance of a node is the norm of the weights that leave it; in a network of plain weight
# decay, of those that enter it. Of the nodes of a wide student most are empty, and a gap is between
# them and the others. In its dense twin, with the same settings and initial weights, there is none.
dense = SpectralMLPRegressor(100, parametrization="dense", random_state=0).fit(X, y)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
RelevanceDisplay.from_estimator(students, ax=left)
RelevanceDisplay.from_estimator(
    [students[-1], dense], kind="histogram", names=["spectral", "weight decay"], ax=right
)
right.set_title("100 nodes")
plt.show()

# %%
# What a node is worth
# --------------------
# Nodes are removed, those of the least relevance first. The score stays what it was until the
# first node of the core goes, in students of every width near the size of the teacher.
PruningCurveDisplay.from_estimator(students, X_test, y_test, teacher_size=N_TEACHER)
plt.show()

# %%
# The core does not depend on the width
# -------------------------------------
# Each width is fitted on three splits. The spectral core may lack a node that matters little, or
# have one too many; that of plain weight decay is larger, and grows.
CoreSizeDisplay.from_estimator(
    SpectralMLPRegressor(), X, y, widths=[15, 40, 100], teacher_size=N_TEACHER, random_state=0
)
plt.show()

# %%
# Exactly the teacher
# -------------------
# The pruner, given the rows, asks of each node what it explains, brings back those that the penalty
# removed, and trains on without penalty. Its error is that of the number format.
print("   h  core  pruner  error of the student  of what the pruner leaves")
pruners = [SpectralPruner(student, prefit=True).fit(X, y) for student in students]
for student, pruner in zip(students, pruners, strict=True):
    of_student, of_pruner = (
        np.mean((network.predict(X_test) - y_test) ** 2) / y_test.var()
        for network in (student, pruner)
    )
    print(
        f"{student.hidden_layer_sizes:4} {student.core_sizes_[0]:5} {pruner.n_nodes_[0]:7} "
        f"{of_student:21.0e} {of_pruner:26.0e}"
    )

# %%
# Not only the predictions are those of the teacher. The products of the weights along all paths
# through the network, from an input to the output, do not depend on the order of the nodes or
# their scale: sorted, those of what the pruner leaves lie on the teacher's.
small = pruners[-1].pruned_estimator_
PathDisplay.from_estimator(
    [teacher, students[-1], small], names=["teacher", "student of 100 nodes", "pruned"]
)
plt.show()
