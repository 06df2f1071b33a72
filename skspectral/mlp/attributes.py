"""The parameters of a fitted estimator, and its attributes that hold them."""

from skspectral.spectral import Parameters


def parameters_of(estimator):
    """The parameters of a fitted estimator, whose last transfer gives y in its own units.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier

    Returns
    -------
    parameters : Parameters
        Its arrays, no copies.
    """
    return Parameters(
        estimator.eigenvectors_,
        estimator.intercepts_,
        estimator.eigenvalues_in_,
        estimator.eigenvalues_out_,
    )


def attributes_of(parameters):
    """The fitted attributes that hold the parameters, dict of str to list of ndarray."""
    return {
        "coefs_": parameters.weights,
        "intercepts_": parameters.intercepts,
        "eigenvectors_": parameters.eigenvectors,
        "eigenvalues_in_": parameters.eigenvalues_in,
        "eigenvalues_out_": parameters.eigenvalues_out,
    }
