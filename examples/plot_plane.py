"""
What a node is
==============

Two inputs are enough to see a network whole. A node of ReLU bends the surface along a line; of a
hundred such lines the core keeps those that the data ask for.
"""

# %%
# A valley, one side of which bends down once more, and noise.
import matplotlib.pyplot as plt
import numpy as np

from skspectral import SpectralMLPRegressor, SpectralPruner

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, size=(2000, 2))


def surface(X):
    return np.abs(X[:, 0] - 0.5 * X[:, 1]) - np.maximum(X[:, 1] - 0.5, 0)


y = surface(X) + 0.1 * rng.normal(size=len(X))
network = SpectralMLPRegressor(100, random_state=0).fit(X, y)
pruner = SpectralPruner(network, prefit=True).fit(X, y)
small = pruner.pruned_estimator_
print(f"core: {network.core_sizes_[0]} of 100 nodes, after the pruner {pruner.n_nodes_[0]}")

# %%
# Where the nodes are
# -------------------
# Each line is where the input of a node is zero, the stronger its relevance the darker. Most nodes
# of the wide network are so weak that they leave no trace, and some, of noise, leave faint ones;
# what the pruner leaves are the edges of the surface.


def draw(ax, mlp, title):
    grid = np.linspace(-2, 2, 101)
    plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    ax.contourf(grid, grid, mlp.predict(plane).reshape(101, 101), levels=20, cmap="RdBu")
    strength = mlp.node_importances_[0] / mlp.node_importances_[0].max()
    for (slope_0, slope_1), offset, alpha in zip(
        mlp.coefs_[0].T, mlp.intercepts_[0], strength, strict=True
    ):
        if alpha > 0.01:
            # slope_0 x_0 + slope_1 x_1 + offset = 0
            near = -offset / (slope_0**2 + slope_1**2)
            ax.axline(
                (near * slope_0, near * slope_1),
                (near * slope_0 - slope_1, near * slope_1 + slope_0),
                color="black",
                alpha=alpha,
            )
    ax.set(xlim=(-2, 2), ylim=(-2, 2), title=title, xlabel="$x_0$", ylabel="$x_1$", aspect="equal")


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
draw(left, network, "100 nodes")
draw(right, small, f"{pruner.n_nodes_[0]} nodes")
plt.show()

# %%
# The network as a formula
# ------------------------
# A network this small can be read.
for column, offset, out in zip(
    small.coefs_[0].T, small.intercepts_[0], small.coefs_[1].ravel(), strict=True
):
    scale = abs(column).max()
    a, b = column / scale
    print(f"{out * scale:+.2f} relu({a:+.2f} x0 {b:+.2f} x1 {offset / scale:+.2f})")
print(f"{small.intercepts_[1][0]:+.2f}")
