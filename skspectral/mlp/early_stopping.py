"""Rows held out of the training, and what the network says of them."""

import numpy as np
from sklearn.model_selection import train_test_split


def held_out_rows(estimator, rows, y, rng):
    """Split the rows for early stopping.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    rows : ndarray of int
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    rng : numpy.random.Generator

    Returns
    -------
    train, held_out : ndarray of int
    """
    share = estimator.validation_fraction
    if share * len(rows) > len(rows) - 1:
        raise ValueError(
            f"early_stopping with validation_fraction={share} leaves none of {len(rows)} rows to "
            "train on; lower it, or give more rows."
        )
    train, held_out = train_test_split(
        rows,
        test_size=share,
        random_state=int(rng.integers(np.iinfo(np.int32).max)),
        stratify=estimator._strata(y[rows]),
    )
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    return train, held_out


def validator(estimator, X, y, weights, rows):
    """A function that scores fitted attributes, such as those of an epoch, on some rows."""
    X, y = X[rows], y[rows]
    weights = None if weights is None else weights[rows]

    def validate(attributes):
        outputs = estimator._forward(X, attributes["coefs_"], attributes["intercepts_"])
        if not np.isfinite(outputs).all():
            return -np.inf
        return estimator._score(outputs, y, weights)

    return validate
