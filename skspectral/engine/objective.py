"""What is minimised: mean loss + sum of strength * parameter**2."""

import numpy as np
import torch

from skspectral.engine.network import as_array


def squared_error(outputs, targets, weights):
    """Mean over the outputs of the squared error. `outputs` become its gradient.

    Parameters
    ----------
    outputs : tensor of shape (S, M, batch_size, n_outputs)
        Of M members for each of S sources of rows.
    targets : tensor of shape (S, 1, batch_size, n_outputs)
    weights : tensor of shape (S, 1, batch_size, 1) or None
        Weight of each sample over the batch size; None is 1 / batch_size for each.

    Returns
    -------
    loss : array of shape (S, M)
        Of NumPy on a CPU, where its calls take less time than those of torch.
    """
    on_cpu = outputs.is_cpu
    xp, vecdot = (np, np.vecdot) if on_cpu else (torch, torch.linalg.vecdot)
    error, targets = as_array(outputs), as_array(targets)
    xp.subtract(error, targets, out=error)
    n_sources, n_members, size, n_outputs = error.shape
    by_member = n_sources, n_members, size * n_outputs
    flat = error.reshape(by_member)
    if weights is None:
        weighted, share = flat, 1 / (size * n_outputs)
    else:
        weighted, share = (error * as_array(weights)).reshape(by_member), 1 / n_outputs
    loss = vecdot(weighted, flat) * share
    xp.multiply(weighted, 2 * share, out=flat)
    return loss


def softmax_cross_entropy(outputs, targets, weights):
    """Cross-entropy of softmax(outputs) with one-hot targets; see :func:`squared_error`."""
    # -log p_t = log(sum of exp(z)) - z_t; without overflow, since no z is above zero.
    outputs.sub_(outputs.amax(3, keepdim=True))
    loss = (outputs * targets).sum(3, keepdim=True).neg_()
    total = outputs.exp_().sum(3, keepdim=True)
    outputs.div_(total).sub_(targets)
    return _weigh(loss.add_(total.log_()), outputs, weights, 1)


def sigmoid_cross_entropy(outputs, targets, weights):
    """Cross-entropy of sigmoid(outputs), mean over the labels; see :func:`squared_error`."""
    # -[t log s(z) + (1 - t) log s(-z)] without overflow, since log s(-z) = log s(z) - z.
    loss = (1 - targets) * outputs
    loss.sub_(torch.nn.functional.logsigmoid(outputs))
    outputs.sigmoid_().sub_(targets)
    return _weigh(loss, outputs, weights, outputs.shape[3])


LOSSES = {
    "squared_error": squared_error,
    "softmax": softmax_cross_entropy,
    "sigmoid": sigmoid_cross_entropy,
}


def penalty_strengths(stack, strengths):
    """The strength of every parameter of every member.

    Parameters
    ----------
    stack : Stack
    strengths : list of dict
        For each member the strengths of ``"eigenvectors"``, ``"eigenvalues"`` and ``"weights"``;
        the last takes the place of the first on dense transfers. Biases are free.

    Returns
    -------
    alpha : tensor of shape (K, n_parameters)
    """
    alpha = torch.zeros_like(stack.theta)
    for t, transfer in enumerate(stack.views(alpha)):
        kind = "weights" if stack.architecture.eigenvalues[t] is None else "eigenvectors"
        for k, member in enumerate(strengths):
            for name, view in transfer.items():
                if name == "eigenvectors":
                    view[k] = member[kind]
                elif name != "intercepts":
                    view[k] = member["eigenvalues"]
    return alpha


class Objective:
    """Mean loss over a batch plus the penalty.

    Parameters
    ----------
    stack : Stack
    loss : {"squared_error", "softmax", "sigmoid"}
    strengths : list of dict
        See :func:`penalty_strengths`.
    """

    def __init__(self, stack, loss, strengths):
        self.stack = stack
        self._loss = LOSSES[loss]
        self._alpha = penalty_strengths(stack, strengths)
        self._slope, self._is_penalised = 2 * self._alpha, True

    def strengthen(self, strengths):
        """Go on with other strengths."""
        self._alpha.copy_(penalty_strengths(self.stack, strengths))
        self._slope.copy_(2 * self._is_penalised * self._alpha)  # in place: captured steps read it

    def evaluate(self, X, targets, weights=None):
        """Loss of each member on a batch, without the penalty; fills ``stack.gradient`` with the
        gradient of loss and penalty.

        Parameters
        ----------
        X : tensor of shape (S, batch_size, n_columns)
            See :meth:`Stack.forward`.
        targets, weights : tensors
            See :func:`squared_error`.

        Returns
        -------
        loss : array of shape (K,)
        """
        loss = self._loss(self.stack.forward(X), targets, weights).reshape(-1)
        self.stack.backward()
        self.stack.gradient.addcmul_(self.stack.theta, self._slope)
        return loss

    def penalise(self, is_penalised):
        """Whether the gradient is that of loss and penalty, as it is at first, or of the loss."""
        if is_penalised != self._is_penalised:
            self._slope.copy_(2 * is_penalised * self._alpha)
            self._is_penalised = is_penalised

    def penalty(self):
        """Penalty of each member, array of shape (K,)."""
        return as_array((self._alpha * self.stack.theta.square()).sum(1))


def _weigh(loss, gradient, weights, n_labels):
    """Weighted mean of per-sample losses; scales the gradient alike."""
    if weights is None:
        scale = 1 / (gradient.shape[2] * n_labels)
        gradient.mul_(scale)
        return as_array(loss.sum((2, 3)).mul_(scale))
    gradient.mul_(weights).div_(n_labels)
    return as_array(loss.mul_(weights).sum((2, 3)).div_(n_labels))
