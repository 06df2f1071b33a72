"""A strength of the penalty that follows the noise while a network is trained."""

from dataclasses import dataclass

import numpy as np

# Stronger ones leave nothing where they begin; only what has been learnt by heart asks for more.
_STRONGEST = 3e-2

# How often in a training with Adam it is looked for the noise that is left, and for nodes that have
# vanished.
N_LOOKS = 40

# When so much of the training is over, the strength may be the strongest, and parameters count in
# full. Until then both rise: what is hard to learn has the time to be learnt.
_SETTLED = 0.5

# Until when, from then on, it rises for what deep networks have learnt by heart.
_FORGOTTEN = 0.75

# How many times as wrong as a constant a network may be taken for in the middle of a training; at
# the end the fourth power of that, at first no more than one: what is hard to learn is worse for
# long.
_WORSE = 2.0

# Of a share that has met that limit by then: larger ones overflow.
_LARGEST_EXPONENT = 100.0

# Of the numbers that are predicted, a share that no parameters beyond are taken to explain: with as
# many as there are nothing is left that would tell of the noise.
_MOST_EXPLAINED = 0.95

# A node or an input whose weights are smaller than this share of the layer's largest explains
# nothing.
_SHARE = 1e-2


@dataclass(frozen=True)
class NoiseStrength:
    """The strength that a training asks for, from what its network still gets wrong.

    A node that means nothing finds a gradient, made of noise, of the order sigma sqrt(d / n) for d
    inputs and n rows; the penalty is to be stronger than that, and as weak as possible otherwise.
    With a strength in proportion to sigma, as it is estimated while it falls, what is minimised is
    a root of the loss plus the penalty (Belloni, Chernozhukov and Wang, Biometrika 2011; Sun and
    Zhang, Biometrika 2012, for linear models). The loss of a network that has learnt its rows by
    heart says nothing of the noise, so that it counts for more the more parameters there are for a
    row, by the factor of Akaike's criterion. At first, when parameters are many, they count for
    nothing, or nothing would be learnt where rows are few: from then until the middle ever more.
    What comes out above the loss of a constant is noise that has been learnt, and asks for more
    than a constant would. Akaike's factor takes the parameters to be few for the rows. Deep
    networks can keep about as many as there are, and then take the noise for little: in the end the
    factor of theirs is that of generalised cross-validation, if that is larger (Golub, Heath and
    Wahba, Technometrics 1979).

    Parameters
    ----------
    inputs : ndarray of shape (n_inputs,)
        What each counts for, one at most.
    n_rows : float
        How many rows of equal weight, and of classes of equal weight, those of the training are
        worth.
    n_targets : int
        Outputs whose losses are averaged.
    n_independent : float
        How many outputs of errors that are not correlated they are worth. Errors that outputs have
        in common a hidden node learns for all of them at once.
    trainable : {"all", "eigenvectors", "eigenvalues"} or None
        What is trained; None is a dense network, whose nodes do not vanish: its parameters do not
        count.
    constant : float
        Loss of a constant prediction.
    least : float
        The weakest that is asked for, with one target.
    factor, exponent : float
        The strength, without its limits, is ``factor * share**exponent * sqrt(d / n)``, over the
        root of `n_targets`, for the share of the loss of a constant that is left.
    rise : float
        Power of the progress with which the strongest, and what parameters count for, rise until
        the middle: what takes longer to be learnt wants a slower start.
    n_more : int
        Hidden layers beyond the first, if nodes have the time to vanish. Of classes, where
        parameters are many for the rows, each asks for as much as the first, once what there is to
        be learnt has been.
    of_classes : bool
        Whether classes are learnt, and not numbers.
    is_long : bool
        Whether nodes have the time to vanish. In a shorter training many parameters do not say that
        noise has been learnt, and the limit of the strength stays.
    """

    inputs: np.ndarray
    n_rows: float
    n_targets: int
    n_independent: float
    trainable: str | None
    constant: float
    least: float
    factor: float
    exponent: float
    rise: float
    n_more: int
    of_classes: bool
    is_long: bool

    @property
    def weakest(self):
        """That of a training that has not begun."""
        return self.least / self.n_targets**0.5

    @property
    def settled(self):
        """The progress from which on nothing in the formula rises with it."""
        return _FORGOTTEN if self.n_more else _SETTLED

    def __call__(self, loss, parameters, progress):
        """The strength for what follows.

        Parameters
        ----------
        loss : float
            Mean loss of the last epoch, without the penalty.
        parameters : Parameters
        progress : float
            How much of a training of the usual length is over, the warm-up not counted: one at its
            end.

        Returns
        -------
        alpha : float
        """
        pace = min(1.0, progress / _SETTLED) ** self.rise
        active = _active(parameters)
        n_inputs = max(1.0, self.inputs[active[0]].sum())
        widths = [n_inputs, *(int(mask.sum()) for mask in active[1:])]
        share = loss / self.constant if self.constant > 0 else 1.0
        worst = _WORSE ** min(2.0, progress / _SETTLED) ** 2
        price = self._price(widths)
        late = np.clip((progress - _SETTLED) / (_FORGOTTEN - _SETTLED), 0, 1)
        share = min(worst, share * np.exp(pace * price) * self._correction(price) ** late)
        alpha = self.factor * share**self.exponent * np.sqrt(n_inputs / self.n_rows)
        if self.of_classes:
            # A class that is learnt by heart is a large logit, and a penalty on a product of more
            # factors minds large ones less.
            alpha *= 1 + self.n_more * late * min(1.0, price)
        strongest = self.least * (_STRONGEST / self.least) ** pace
        if self.is_long and progress > _SETTLED:
            # It takes more to unlearn noise than not to learn it.
            strongest *= max(1.0, share) ** 2
        return float(np.clip(alpha, self.least, strongest)) / self.n_targets**0.5

    def _correction(self, price):
        """The factor of generalised cross-validation over Akaike's, if larger."""
        if self.of_classes or not self.n_more:
            return 1.0
        left = 1 - min(price / 2, _MOST_EXPLAINED)
        return max(1.0, np.exp(-price) / left**2)

    def _price(self, widths):
        """Of Akaike's criterion: twice the free parameters, for each number that is predicted."""
        if self.trainable is None:
            return 0.0
        hidden, readouts, constants = _n_parameters(widths, self.trainable)
        each = hidden / self.n_independent + readouts / self.n_targets + constants / self.n_targets
        return min(2 * each / self.n_rows, _LARGEST_EXPONENT)


def _active(parameters):
    """Of each layer the nodes whose weights, in and out, are not next to nothing."""
    weights = parameters.weights
    into = [None, *(np.linalg.norm(w, axis=0) for w in weights)]
    out_of = [*(np.linalg.norm(w, axis=1) for w in weights), None]
    layers = [[n for n in norms if n is not None] for norms in zip(into, out_of, strict=True)]
    return [np.all([n > _SHARE * n.max() for n in norms], axis=0) for norms in layers]


def _n_parameters(widths, trainable):
    """Free parameters of the hidden nodes, whose scales are not free, and of the outputs: weights
    and intercepts."""
    if trainable == "eigenvalues":
        return sum(widths[:-1]), widths[-1], 0
    *hidden, last = (a * b for a, b in zip(widths[:-1], widths[1:], strict=True))
    return sum(hidden), last, widths[-1]
