"""The experiment of the paper, in plain torch with its recipe, beside this estimator.

Teacher: 10 inputs, h_T ReLU nodes, a second ReLU layer, their sum; no biases, weights uniform as
Glorot's, frozen. 8000 rows x ~ N(0, I) without noise, 10000 fresh ones for the test. Students of
width h, 2000 epochs of Adam:

- spectral: eigenvalues of the h nodes and eigenvectors trained, alpha_phi = 0.01,
  alpha_lambda = 5e-4; the second layer free; rate 0.005, batch 300;
- dense: the twin with frozen eigenvalues, alpha_w = 0.01, rate 0.002, batch 500, as published;
- dense, matched: the same with the rate and batch of the spectral one;
- estimator: SpectralMLPRegressor((h, second width)), all else at its default.

Relevance of a node is the norm of its incoming weights over the largest, of the estimator that of
its outgoing ones, which its eigenvalue gates; above 0.05 it is in the core. Trial k has teacher,
data and student from seed k; none is left out. Each run is kept as a CSV file, and what is there is
not run again. teacher_student_figures.py draws them.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from speed import machine
from torch import nn

from skspectral import SpectralMLPRegressor
from skspectral.nn import SpectralLinear

WIDTHS = [10, 20, 40, 100, 200, 500]
# Rate, batch.
RECIPES = {"spectral": (0.005, 300), "dense": (0.002, 500), "dense, matched": (0.005, 300)}
CUT = 0.05
N_INPUTS, N_TRAIN, N_TEST = 10, 8000, 10_000


def name_of(recipe, teacher_size, second, h, trial, epochs):
    """File of a run."""
    return f"{recipe.replace(', ', '-')}_{teacher_size}_{second}_{h}_{trial}_{epochs}.csv"


def network(*layers):
    """ReLU after each layer; the sum of the last is the output."""
    return nn.Sequential(*(module for layer in layers for module in (layer, nn.ReLU())))


def data_of(teacher_size, second, trial):
    """Teacher, training and test data."""
    torch.manual_seed(trial)
    layers = nn.Linear(N_INPUTS, teacher_size, bias=False), nn.Linear(teacher_size, second, False)
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
    teacher = network(*layers)
    X = torch.randn(N_TRAIN + N_TEST, N_INPUTS)
    with torch.no_grad():
        y = teacher(X).sum(1)
    return teacher, (X[:N_TRAIN], y[:N_TRAIN]), (X[N_TRAIN:], y[N_TRAIN:])


def train(recipe, h, second, X, y, epochs):
    """A student after its training."""
    rate, batch = RECIPES[recipe]
    start = SpectralLinear(N_INPUTS, h, bias=False, eigenvalues="out")
    if recipe == "spectral":
        first = start
    else:  # from the same weights
        first = nn.Linear(N_INPUTS, h, bias=False)
        first.weight.data = start.weight.detach().clone()
    last = nn.Linear(h, second, bias=False)
    nn.init.xavier_uniform_(last.weight)
    student = network(first, last)
    optimizer = torch.optim.Adam(student.parameters(), lr=rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad()
            loss = (student(X[rows]).sum(1) - y[rows]).square().mean()
            if recipe == "spectral":
                loss = loss + first.penalty(0.01, 5e-4)
            else:
                loss = loss + 0.01 * first.weight.square().sum()
            loss.backward()
            optimizer.step()
    return [layer.weight.detach().numpy() for layer in (first, last)]


def estimate(h, second, X, y, trial):
    """The same with the estimator."""
    student = SpectralMLPRegressor((h, second), random_state=trial)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        student.fit(X.numpy(), y.numpy())
    return student


def outputs(weights, X):
    """Of a student with the weights of its two layers."""
    return np.maximum(np.maximum(X @ weights[0].T, 0) @ weights[1].T, 0).sum(1)


def paths(weights):
    """Sorted products of weights along the paths from an input to the second layer."""
    return np.sort(np.einsum("ji,kj->ijk", *weights).ravel())


def run(recipe, teacher_size, second, h, trial, epochs):
    """One run, as rows (name, index, value)."""
    torch.set_num_threads(1)
    teacher, (X, y), (X_test, y_test) = data_of(teacher_size, second, trial)
    X_test, y_test = X_test.numpy(), y_test.numpy()
    start = time.perf_counter()
    if recipe == "estimator":
        student = estimate(h, second, X, y, trial)
        seconds = time.perf_counter() - start
        relevance = student.node_importances_[0]
        error = np.mean((student.predict(X_test) - y_test) ** 2)
        rows = []
    else:
        weights = train(recipe, h, second, X, y, epochs)
        seconds = time.perf_counter() - start
        relevance = np.linalg.norm(weights[0], axis=1)
        error = np.mean((outputs(weights, X_test) - y_test) ** 2)
        rows = pruned(weights, relevance, error, X_test, y_test)
        if trial == 0:
            kept = relevance > CUT * relevance.max()
            products = paths([weights[0][kept], weights[1][:, kept]])
            rows += [("student path", k, value) for k, value in enumerate(products)]
            products = paths([teacher[k].weight.detach().numpy() for k in (0, 2)])
            rows += [("teacher path", k, value) for k, value in enumerate(products)]
    rows += [("relevance", k, value) for k, value in enumerate(relevance / relevance.max())]
    return [("seconds", 0, seconds), ("error", 0, error), ("variance", 0, y_test.var()), *rows]


def pruned(weights, relevance, error, X, y):
    """Change of the test error when the nodes below a cut-off are removed, by nodes kept."""
    rows = []
    for cut in np.arange(0, 1, 0.05):
        kept = relevance > cut * relevance.max()
        small = [weights[0][kept], weights[1][:, kept]]
        change = abs(np.mean((outputs(small, X) - y) ** 2) - error)
        rows.append(("change", int(kept.sum()), change))
    return rows


def runs_of(options):
    """What is to be run: (recipe, teacher size, second width, h, trial)."""
    for trial in range(options.trials):
        for h in options.widths:
            for recipe in (*RECIPES, "estimator"):
                yield recipe, 20, options.second, h, trial
        # Two of the figures show this width, whatever the others.
        yield "dense", 20, options.second, 200, trial
        for teacher_size in (10, 20, 40):
            yield "spectral", teacher_size, options.second, 200, trial


def finish(folder, settings, epochs):
    """Run what is missing."""
    path = folder / name_of(*settings, epochs)
    if path.exists():
        return
    rows = run(*settings, epochs)
    # All or nothing: an interrupted run leaves no file.
    part = path.with_suffix(f".{os.getpid()}")
    with open(part, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    part.rename(path)


def read(path):
    """A run: dict of name to a list of pairs (index, value)."""
    found = {}
    with open(path, newline="") as file:
        for name, index, value in csv.reader(file):
            found.setdefault(name, []).append((int(index), float(value)))
    return found


def table(folder, options):
    """Print mean and spread over the trials."""
    print(".. list-table::\n   :header-rows: 1\n")
    print_row("recipe", "h", "core", "test error / variance", "seconds")
    for recipe in (*RECIPES, "estimator"):
        for h in options.widths:
            runs = [
                read(folder / name_of(recipe, 20, options.second, h, trial, options.epochs))
                for trial in range(options.trials)
            ]
            core = [sum(value > CUT for _, value in run["relevance"]) for run in runs]
            error = [run["error"][0][1] / run["variance"][0][1] for run in runs]
            seconds = [run["seconds"][0][1] for run in runs]
            print_row(
                recipe,
                h,
                f"{np.mean(core):.1f} ± {np.std(core):.1f}",
                f"{np.mean(error):.1e} ± {np.std(error):.0e}",
                f"{np.mean(seconds):.1f}",
            )


def print_row(*cells):
    for k, cell in enumerate(cells):
        print(f"   {'* -' if k == 0 else '  -'} {cell}", flush=True)


def arguments(description):
    """Of the command line; the figures take the same."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--second", type=int, default=20, help="width of the second layer")
    parser.add_argument("--widths", type=int, nargs="*", default=WIDTHS)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def main():
    options = arguments(__doc__)
    options.folder.mkdir(parents=True, exist_ok=True)
    todo = list(dict.fromkeys(runs_of(options)))
    finished = Parallel(n_jobs=options.jobs, return_as="generator_unordered")(
        delayed(finish)(options.folder, settings, options.epochs) for settings in todo
    )
    for k, _ in enumerate(finished, start=1):
        print(f"\r{k} of {len(todo)} runs", end="", flush=True)
    print(f"\n{machine()}; {options.epochs} epochs, seeds 0 to {options.trials - 1}\n")
    table(options.folder, options)


if __name__ == "__main__":
    main()
