"""
Search width and strength
=========================

By default the strength of the penalty follows the noise in the data. A search chooses it by what it
is for. Scores within the error of the cross-validation are as good as the best: among them, the
smallest core is the one to take.
"""

# %%
# Ten measurements of 442 patients, and the progress of their diabetes. The search trains all
# candidates together.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralGridSearchCV, SpectralMLPRegressor
from skspectral.model_selection import core_size, smallest_core

X, y = load_diabetes(return_X_y=True)
widths, strengths = [20, 50, 100], [3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
search = SpectralGridSearchCV(
    make_pipeline(StandardScaler(), SpectralMLPRegressor(max_iter=300, random_state=0)),
    {
        "spectralmlpregressor__hidden_layer_sizes": widths,
        "spectralmlpregressor__alpha": strengths,
    },
    scoring={"score": "r2", "core_size": core_size},
    refit=smallest_core(),
    cv=RepeatedKFold(n_splits=5, n_repeats=2, random_state=0),
).fit(X, y)

# %%
# Where the penalty is weak, a wider network keeps more nodes and learns more of the noise. From the
# right strength on the width is of no account: scores and cores of all widths meet.
results = search.cv_results_
n_splits = search.n_splits_
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for width in widths:
    rows = [k for k, p in enumerate(results["params"]) if width in p.values()]
    left.errorbar(
        strengths,
        results["mean_test_score"][rows],
        results["std_test_score"][rows] / np.sqrt(n_splits),
        marker="o",
        capsize=3,
        label=f"h = {width}",
    )
    right.plot(strengths, results["mean_test_core_size"][rows], marker="o", label=f"h = {width}")
for ax in (left, right):
    ax.axvline(search.best_params_["spectralmlpregressor__alpha"], color="grey", linestyle=":")
left.set(xscale="log", xlabel="alpha", ylabel="R2, mean and standard error")
right.set(xscale="log", yscale="log", xlabel="alpha", ylabel="nodes in the core")
left.legend()
plt.show()

# %%
# The dotted line is at the strength that was chosen: of the candidates within one standard error of
# the best score, the one with the smallest core.
best = search.best_estimator_[-1]
chosen = search.best_index_
print(search.best_params_)
print(
    f"R2 {results['mean_test_score'][chosen]:.3f} (best {results['mean_test_score'].max():.3f}), "
    f"{best.core_sizes_[0]} nodes"
)

# %%
# The default comes to a strength of its own in a single fit.
auto = SpectralMLPRegressor(random_state=0).fit(StandardScaler().fit_transform(X), y)
print(f"alpha_ {auto.alpha_:.3g}, {auto.core_sizes_[0]} nodes")
