"""Draw what teacher_student.py ran: five figures, which replace those in docs/images.

The files that are missing are named; run teacher_student.py with the same arguments first.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter, ScalarFormatter
from teacher_student import CUT, RECIPES, arguments, name_of, read

from skspectral.inspection.style import COLORS

IMAGES = Path(__file__).parent.parent / "docs" / "images"


class Runs:
    """The runs of one set of arguments."""

    def __init__(self, options):
        self.options = options

    def __call__(self, recipe, h, teacher_size=20, trials=None):
        """All trials, or the given number, of a recipe at a width."""
        second, epochs = self.options.second, self.options.epochs
        names = [
            name_of(recipe, teacher_size, second, h, trial, epochs)
            for trial in range(trials or self.options.trials)
        ]
        return [read(self.options.folder / name) for name in names]


def values(run, name):
    return np.array([value for _, value in run[name]])


def histograms(runs):
    """Relevance for three widths, spectral beside dense."""
    widths = [h for h in (10, 40, 500) if h in runs.options.widths]
    figure, axes = plt.subplots(2, len(widths), figsize=(8, 4.5), sharex=True, squeeze=False)
    for row, recipe in zip(axes, ("spectral", "dense"), strict=True):
        for ax, h in zip(row, widths, strict=True):
            (run,) = runs(recipe, h, trials=1)
            color = COLORS[0 if recipe == "spectral" else 1]
            ax.hist(values(run, "relevance"), bins=np.linspace(0, 1, 41), color=color)
            ax.set(yscale="log", ylim=(0.7, 2 * h), title=f"{recipe}, h = {h}")
            ax.set_yticks([10**k for k in range(3) if 10**k < 2 * h])
            ax.yaxis.set_major_formatter(ScalarFormatter())
            ax.yaxis.set_minor_formatter(NullFormatter())
    for ax in axes[-1]:
        ax.set_xlabel(r"$R_i / \max R$")
    for ax in axes[:, 0]:
        ax.set_ylabel("nodes")
    return figure


def against_width(runs, name):
    """Core size or test error of each recipe."""
    figure, ax = plt.subplots(figsize=(5.5, 4))
    for recipe, color, marker in zip(
        (*RECIPES, "estimator"), [*COLORS, "0.3"], "os^d", strict=False
    ):
        trials = []
        for h in runs.options.widths:
            found = runs(recipe, h)
            if name == "core":
                trials.append([(values(run, "relevance") > CUT).sum() for run in found])
            else:
                trials.append(
                    [values(run, "error")[0] / values(run, "variance")[0] for run in found]
                )
        ax.errorbar(
            runs.options.widths,
            np.mean(trials, axis=1),
            np.std(trials, axis=1),
            color=color,
            marker=marker,
            capsize=3,
            label=recipe,
        )
    if name == "core":
        ax.axhline(20, color="0.5", linestyle=":", label=r"$h_T = 20$")
    label = "core size" if name == "core" else "test MSE / variance of y"
    ax.set(xscale="log", yscale="log", xlabel="width h of the student", ylabel=label)
    if name == "core":
        ax.legend()
    else:
        ax.set_ylim(top=0.2)  # room for the legend above the error bars
        ax.legend(loc="upper right", ncols=2)
    return figure


def pruning(runs):
    """Change of the error against nodes kept, for widths and for teachers of other sizes."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    widths = [h for h in runs.options.widths if h > 20]
    for h, color in zip(widths, COLORS, strict=False):
        (run,) = runs("spectral", h, trials=1)
        kept, change = np.array(run["change"]).T
        axes[0].plot(kept - 20, np.maximum(change, 1e-6), color=color, marker=".", label=f"h = {h}")
    for teacher_size, color in zip((10, 20, 40), COLORS, strict=False):
        (run,) = runs("spectral", 200, teacher_size, trials=1)
        kept, change = np.array(run["change"]).T
        change = np.maximum(change / run["variance"][0][1], 1e-6)
        label = f"$h_T$ = {teacher_size}"
        axes[1].plot(kept / teacher_size - 1, change, color=color, marker=".", label=label)
    axes[0].set(
        yscale="log", xlabel=r"$n - h_T$", ylabel=r"$|\Delta\mathrm{MSE}|$, at least $10^{-6}$"
    )
    axes[1].set(xlabel=r"$n / h_T - 1$, h = 200 (over the variance of y)")
    axes[1].set_xticks([-1, -0.5, 0, 0.5, 1])
    for ax in axes:
        ax.axvline(0, color="0.5", linestyle=":")
        ax.legend()
    return figure


def path_products(runs):
    """Sorted products of weights along the paths, student beside teacher."""
    figure, ax = plt.subplots(figsize=(5.5, 4))
    for recipe, color in zip(("spectral", "dense"), COLORS, strict=False):
        (run,) = runs(recipe, 200, trials=1)
        products = values(run, "student path")
        ax.plot(
            np.linspace(0, 1, len(products)),
            products,
            color=color,
            label=f"student, {recipe}, h = 200",
        )
    products = values(run, "teacher path")
    ax.plot(
        np.linspace(0, 1, len(products)), products, color="0.2", linestyle="--", label="teacher"
    )
    ax.set(xlabel="rank / number of paths", ylabel=r"$w^{(1)}_{ij} w^{(2)}_{jk}$")
    ax.legend()
    return figure


def main():
    runs = Runs(arguments(__doc__))
    IMAGES.mkdir(exist_ok=True)
    figures = {
        "histograms": histograms(runs),
        "core": against_width(runs, "core"),
        "error": against_width(runs, "error"),
        "pruning": pruning(runs),
        "paths": path_products(runs),
    }
    for name, figure in figures.items():
        figure.tight_layout()
        figure.savefig(IMAGES / f"teacher_{name}.png", dpi=90)


if __name__ == "__main__":
    main()
