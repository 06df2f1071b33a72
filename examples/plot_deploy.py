"""
From a wide network to a small file
===================================

Digits of eight times eight pixels: a wide classifier is fitted, cut to what it needs, and saved as
a plain scikit-learn model, which runs without skspectral and torch.
"""

# %%
import pickle

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skspectral import SpectralMLPClassifier, SpectralPruner

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = MinMaxScaler((-1, 1))
wide = make_pipeline(scaler, SpectralMLPClassifier(300, random_state=0))
wide.fit(X_train, y_train)
print(f"accuracy {wide.score(X_test, y_test):.3f}, core {wide[-1].core_sizes_[0]} of 300 nodes")

# %%
# Which pixels it looks at
# ------------------------
# The relevance of the inputs beside the ink: pixels that are always white have none.
figure, axes = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
for ax, values, title in [
    (axes[0], X_train.mean(axis=0), "mean of the digits"),
    (axes[1], wide[-1].feature_importances_, "relevance"),
]:
    ax.imshow(values.reshape(8, 8), cmap="Greys")
    ax.set_title(title)
    ax.set_axis_off()
plt.show()

# %%
# Cut it
# ------
# Of a fitted network the pruner removes what has no relevance, without training: the predictions
# hardly move. Given rows as well, in ``fit``, it would ask the data and train on.
pruner = SpectralPruner(wide, prefit=True)
pruner.summary()

# %%
# Ship it
# -------
# Scikit-learn's own MLP takes over what is left. The scaler belongs to it.
shipped = make_pipeline(wide[0], pruner.pruned_estimator_.to_sklearn())
same = np.mean(shipped.predict(X_test) == wide.predict(X_test))
print(f"accuracy {shipped.score(X_test, y_test):.3f}, the same class for {same:.1%} of the rows")

# %%
# In bytes, beside scikit-learn's own network of the same width.
common = make_pipeline(scaler, MLPClassifier(300, max_iter=1000, random_state=0))
common.fit(X_train, y_train)
print(f"accuracy of scikit-learn's {common.score(X_test, y_test):.3f}")
for name, model in {"shipped": shipped, "scikit-learn's": common}.items():
    print(f"{len(pickle.dumps(model)):8} bytes {name}")
