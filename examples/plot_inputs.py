"""
Which inputs does it need?
==========================

Five of a hundred inputs make the target, the others are noise. A pruner with ``layer=0`` finds
them, and passes them on as a step of a Pipeline does.
"""

# %%
# Friedman's function of the first five inputs: a product within a sine, a square and two linear
# terms. A thousand rows are few for a hundred inputs.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPRegressor, SpectralPruner

X, y = make_friedman1(1000, n_features=100, noise=1, random_state=0)
X_test, y_test = make_friedman1(2000, n_features=100, noise=0, random_state=1)

# %%
# The relevance of the inputs
# ---------------------------
# ``feature_importances_`` of the network alone ranks the inputs. The penalty follows the noise, and
# inputs that tell nothing come out near zero: the five stand out.
network = SpectralMLPRegressor(random_state=0)
pipe = make_pipeline(StandardScaler(), network).fit(X, y)
importances = pipe[-1].feature_importances_

_, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.bar(np.arange(100), importances, color=["C1"] * 5 + ["C0"] * 95)
ax.set(xlabel="input", ylabel="relevance", title="Five inputs that matter (orange) and 95 of noise")
plt.show()

# %%
# The choice
# ----------
# Where to cut is left to the pruner. It drops what the error does not ask for, takes back what it
# does, and trains on without penalty. Its ``predict`` is that of the small network.
chosen = make_pipeline(StandardScaler(), SpectralPruner(network, layer=0)).fit(X, y)
print("kept:", np.flatnonzero(chosen[-1].get_support()))
for name, model in {"all inputs": pipe, "those kept": chosen}.items():
    print(f"R2 of {name}: {model.score(X_test, y_test):.3f}")

# %%
# For another model
# -----------------
# The choice serves any estimator. Neighbours, for one, are lost in a hundred dimensions and do well
# in five.
neighbours = KNeighborsRegressor(10)
for name, steps in {
    "all inputs": [StandardScaler(), neighbours],
    "inputs of the pruner": [StandardScaler(), SpectralPruner(network, layer=0), neighbours],
}.items():
    score = make_pipeline(*steps).fit(X, y).score(X_test, y_test)
    print(f"R2 of ten nearest neighbours, {name}: {score:.3f}")
