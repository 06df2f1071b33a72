"""A stack of K networks of one architecture: its parameters, forward pass and gradients.

All parameters of a member lie in one row of one flat tensor, so that the penalty and the optimiser
are a handful of whole-row operations whatever the number of layers. Gradients are in closed form
and products write into buffers made beforehand: for the small networks of tabular data the
cost of a step is the number of calls, not the arithmetic.

On a CPU products and small operations are NumPy's, on the same memory: its BLAS is faster for
matrices this small, up to three times on processors that torch's favours less, torch has none for a
stack of products with a vector, and a call of NumPy takes less time than one of torch.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from skspectral.engine.products import most_rows, multiply, multiply_over_rows
from skspectral.spectral import Parameters

# In place, on the pre-activations.
_ACTIVATE = {
    "identity": lambda z: z,
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "logistic": torch.sigmoid_,
}


# Made once, and not of a number at each step; neither torch's default device nor its dtype counts.
_ZERO, _ONE = (torch.full((), value, dtype=torch.float32, device="cpu") for value in (0, 1))

# In place, on what the activation returned.
_DIFFERENTIATE = {
    "identity": lambda output: output.fill_(1),
    "relu": lambda output: output.gt_(_ZERO),
    "tanh": lambda output: torch.addcmul(_ONE, output, output, value=-1, out=output),
    "logistic": lambda output: output.addcmul_(output, output, value=-1),
}

TRAINABLE = {
    "all": ("eigenvectors", "intercepts", "eigenvalues"),
    "eigenvectors": ("eigenvectors", "intercepts"),
    "eigenvalues": ("intercepts", "eigenvalues"),
}


@dataclass(frozen=True)
class Architecture:
    """What the members of a stack have in common.

    Attributes
    ----------
    widths : tuple of int
        Nodes of each layer, inputs first; of the widest member, if widths differ.
    activation : {"relu", "tanh", "logistic", "identity"}
        Activation of the hidden layers. The output layer is linear: its activation is in the loss.
    eigenvalues : tuple of {"in", "out", "both", None}
        For each transfer, the eigenvalues that it trains; None for a dense transfer.
    fit_intercept : bool
        Whether the transfers have biases.
    """

    widths: tuple
    activation: str
    eigenvalues: tuple
    fit_intercept: bool = True

    @property
    def transfers(self):
        """Pairs (n_in, n_out)."""
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    @property
    def constants(self):
        """Values of the columns that follow the inputs in a batch, tuple of float.

        A one, whose weights are the intercepts: that spares a pass over the first hidden layer,
        forward and backward. And a zero, if it makes the columns a multiple of four: a BLAS takes
        up to half as long again for one less.
        """
        if not self.fit_intercept:
            return ()
        return (1.0, 0.0) if self.widths[0] % 4 == 2 else (1.0,)


class Stack:
    """K networks of one architecture.

    Parameters
    ----------
    architecture : Architecture
        Shape of the (widest) member.
    members : list of Parameters
        Where each member starts. A member may be narrower than the architecture: it is padded
        with nodes whose weights and biases are zero, which changes nothing and stays so.
    dtype : torch.dtype
    device : torch.device or str

    Attributes
    ----------
    theta, gradient : tensors of shape (K, n_parameters)
        Parameters and their gradient, in the order eigenvectors, intercepts, eigenvalues.
    sections : dict of str to slice
        The columns that each kind of parameter takes.
    """

    def __init__(self, architecture, members, dtype=torch.float64, device="cpu"):
        self.architecture = architecture
        self.widths = [member.widths for member in members]
        self._layout, self.sections, size = _layout(architecture)
        self.theta = torch.zeros(len(members), size, dtype=dtype, device=device)
        self.gradient = torch.zeros_like(self.theta)
        views, slopes = self.views(self.theta), self.views(self.gradient)
        self._transfers = [
            _Transfer(views[k], slopes[k], mode, () if k else architecture.constants)
            for k, mode in enumerate(architecture.eigenvalues)
        ]
        # The slope of a hidden node is error times readout times derivative. With one output and
        # one hidden layer it need not be written down: the error can go to the inputs, if they are
        # fewer than the nodes, and the readouts to the gradient.
        self._in_factors = len(self._transfers) == 2 and architecture.widths[2] == 1
        self._in_factors &= architecture.widths[0] < architecture.widths[1]
        self._workspaces, self._workspace = {}, None
        self._padding = self._padding_masks()
        for k, member in enumerate(members):
            self.write(k, member)

    def __len__(self):
        return self.theta.shape[0]

    def views(self, flat):
        """Views of shape (K, n_rows, n_columns) into a tensor laid out as ``theta``.

        Returns
        -------
        views : list of dict of str to tensor
            For each transfer ``"eigenvectors"`` (K, n_in, n_out), ``"intercepts"`` (K, 1, n_out),
            ``"eigenvalues_in"`` (K, n_in, 1), ``"eigenvalues_out"`` (K, 1, n_out), as far as it
            trains them.
        """
        views = [{} for _ in self.architecture.transfers]
        for t, name, start, (rows, columns) in self._layout:
            stop = start + rows * columns
            views[t][name] = flat[:, start:stop].view(len(flat), rows, columns)
        return views

    def trainable(self, which):
        """Columns of ``theta`` that `which` of the parameters take: they are contiguous."""
        slices = [self.sections[name] for name in TRAINABLE[which]]
        return slice(slices[0].start, slices[-1].stop)

    def write(self, k, parameters, flat=None):
        """Set member `k` to `parameters`: of ``theta``, or of another tensor laid out alike."""
        views = self.views(self.theta if flat is None else flat)
        for t, transfer in enumerate(views):
            values = {
                "eigenvectors": parameters.eigenvectors[t],
                "intercepts": parameters.intercepts[t][None, :],
                "eigenvalues_in": parameters.eigenvalues_in[t][:, None],
                "eigenvalues_out": parameters.eigenvalues_out[t][None, :],
            }
            for name, view in transfer.items():
                rows, columns = values[name].shape
                # torch.from_numpy warns about memory that is not writeable, such as a memory map,
                # and knows no byte order but this machine's.
                native = values[name].dtype.newbyteorder("=")
                array = np.require(values[name], native, "W")
                view[k, :rows, :columns] = torch.from_numpy(array)

    def read(self, k, flat=None):
        """Parameters of member `k`, as numpy arrays of its own width; see :meth:`write`.

        A copy: training on does not change what was read.
        """
        n, lists = self.widths[k], ([], [], [], [])
        flat = self.theta if flat is None else flat
        row = flat[k].cpu().numpy().copy()  # once: an epoch of few rows takes no longer than this
        places = {(t, name): place for t, name, *place in self._layout}
        for t, mode in enumerate(self.architecture.eigenvalues):
            n_in, n_out = n[t], n[t + 1]
            shapes = {
                "eigenvectors": (n_in, n_out),
                "intercepts": (1, n_out),
                "eigenvalues_in": (n_in, 1),
                "eigenvalues_out": (1, n_out),
            }
            fixed = {
                "intercepts": 0.0,
                "eigenvalues_in": 0.0 if mode == "out" else 1.0,
                "eigenvalues_out": 0.0,
            }
            for values, (name, (rows, columns)) in zip(lists, shapes.items(), strict=True):
                if (t, name) in places:
                    start, shape = places[t, name]
                    value = row[start : start + shape[0] * shape[1]].reshape(shape)
                    value = np.ascontiguousarray(value[:rows, :columns])
                else:
                    constant = fixed[name] if flat is self.theta else 0.0
                    value = np.full((rows, columns), constant, row.dtype)
                values.append(value if name == "eigenvectors" else value.ravel())
        return Parameters(*lists)

    def forward(self, X):
        """Outputs of the K networks, before the activation of the output layer.

        Parameters
        ----------
        X : tensor of shape (S, batch_size, n_columns)
            The inputs, and the constants of the architecture. S is K, or a divisor: then as many
            members as it takes, one after the other, share a batch.

        Returns
        -------
        outputs : tensor of shape (S, K / S, batch_size, n_outputs)
            A buffer that the next call overwrites; :meth:`backward` wants the gradient of the
            loss in its place.
        """
        shape = X.shape[:2]
        if shape not in self._workspaces:
            self._workspaces[shape] = _Workspace(self.theta, self.architecture, *shape)
        self._workspace = workspace = self._workspaces[shape]
        workspace.inputs = values = _Matrices(X)
        activate = _ACTIVATE[self.architecture.activation]
        last = len(self._transfers) - 1
        for t, transfer in enumerate(self._transfers):
            values = transfer.forward(values, out=workspace.outputs[t])
            if t < last:
                activate(values.tensor)
                if self._padding is not None:
                    values.tensor.mul_(self._padding[t])
        return workspace.by_source

    def backward(self):
        """Fill ``gradient``, given the gradient of the loss in the buffer of the outputs.

        Once for each :meth:`forward`: what the hidden layers put out is lost.
        """
        workspace = self._workspace
        differentiate = _DIFFERENTIATE[self.architecture.activation]
        delta = workspace.outputs[-1]
        for t in range(len(self._transfers) - 1, 0, -1):
            inputs, transfer = workspace.outputs[t - 1], self._transfers[t]
            transfer.backward(inputs, delta)
            differentiate(inputs.tensor)
            if self._in_factors:
                self._transfers[0].backward(workspace.inputs_by_error(), inputs, transfer.readouts)
                return
            delta = transfer.propagate(delta, out=workspace.deltas[t - 1])
            delta.tensor.mul_(inputs.tensor)
        self._transfers[0].backward(workspace.inputs, delta)

    def _padding_masks(self):
        """Zeros where a member has no node: the logistic function is not zero at zero."""
        full = self.architecture.widths
        if self.architecture.activation != "logistic" or all(w == full for w in self.widths):
            return None
        masks = []
        for t in range(1, len(full) - 1):
            mask = self.theta.new_zeros(len(self), 1, full[t])
            for k, widths in enumerate(self.widths):
                mask[k, :, : widths[t]] = 1
            masks.append(mask)
        return masks


class _Matrices:
    """A tensor of K matrices, and the arrays on its memory that products take."""

    def __init__(self, tensor):
        self.tensor = tensor
        self.factor = as_array(tensor)
        self.factor_T = self.factor.swapaxes(1, 2)

    @cached_property
    def ones(self):
        """A row of ones: its product with each matrix is the sum of its rows, sooner than NumPy
        has added them up."""
        return as_array(self.tensor.new_ones(1, 1, self.tensor.shape[1]))


class _Transfer:
    """One transfer of every member: w_ji = phi_ji (lambda_in_j - lambda_out_i).

    With `constants` these are the last columns of its inputs: the row of the weights that belongs
    to the one holds the intercepts, that of a zero stays zero.
    """

    def __init__(self, parameters, gradients, mode, constants=()):
        self.mode = mode
        self._values = {name: as_array(view) for name, view in parameters.items()}
        self._slopes = {name: as_array(view) for name, view in gradients.items()}
        phi = parameters["eigenvectors"]
        on_cpu = phi.is_cpu
        # They share the names of most functions.
        self._xp = np if on_cpu else torch
        self._vecdot = np.vecdot if on_cpu else torch.linalg.vecdot
        n_members, n_in, n_out = phi.shape
        self._on_ones = bool(constants)
        self._most_rows = most_rows(n_in + len(constants), n_out) if on_cpu else np.inf
        # Of a dense transfer; without constants they are so in place.
        self._weights_are_phi = mode is None and not constants
        if self._weights_are_phi:
            weights, slopes = phi, gradients["eigenvectors"]
        else:
            shape = n_members, n_in + len(constants), n_out
            weights, slopes = phi.new_zeros(shape), phi.new_empty(shape)
        self._weights, self._dw = _Matrices(weights), _Matrices(slopes)
        self._w, self._slope = (a.factor[:, :n_in] for a in (self._weights, self._dw))
        # The row of the one, if there are constants.
        self._w_ones, self._slope_ones = (
            a.factor[:, n_in : n_in + 1] for a in (self._weights, self._dw)
        )
        if mode == "in":
            self._gate = self._values["eigenvalues_in"]
        else:
            rows = n_in if mode == "both" else 1
            self._gate = as_array(phi.new_ones(n_members, rows, n_out))
        if "eigenvalues_in" in parameters:
            self._slope_in = self._slopes["eigenvalues_in"][:, :, 0]
        if "eigenvalues_out" in parameters:
            self._ones = as_array(phi.new_ones(1, 1, n_in))

    @property
    def readouts(self):
        """The weights to a single output, of shape (K, 1, n_in)."""
        return self._weights.factor_T

    def _weigh(self):
        values, xp = self._values, self._xp
        if self._weights_are_phi:
            return
        if self.mode == "out":
            xp.negative(values["eigenvalues_out"], out=self._gate)
        elif self.mode == "both":
            xp.subtract(values["eigenvalues_in"], values["eigenvalues_out"], out=self._gate)
        xp.multiply(values["eigenvectors"], self._gate, out=self._w)
        if self._on_ones:
            self._w_ones[:] = values["intercepts"]

    def forward(self, inputs, out):
        """Outputs before the activation."""
        self._weigh()
        self._multiply(inputs.factor, self._weights.factor, out.factor)
        if "intercepts" in self._values and not self._on_ones:
            self._xp.add(out.factor, self._values["intercepts"], out=out.factor)
        return out

    def backward(self, inputs, delta, scales=None):
        """Gradients from the inputs and the gradient of the loss with respect to the outputs.

        With `scales`, of shape (K, 1, n_out), the latter is `delta` times them.
        """
        slopes, xp = self._slopes, self._xp
        self._multiply_over_rows(inputs.factor_T, delta.factor, self._dw.factor)
        if scales is not None:
            xp.multiply(self._dw.factor, scales, out=self._dw.factor)
        if self._on_ones:
            slopes["intercepts"][:] = self._slope_ones
        elif "intercepts" in slopes:
            xp.matmul(delta.ones, delta.factor, out=slopes["intercepts"])
        if self._weights_are_phi:
            return
        xp.multiply(self._slope, self._gate, out=slopes["eigenvectors"])
        phi = self._values["eigenvectors"]
        if "eigenvalues_in" in slopes:
            self._vecdot(self._slope, phi, out=self._slope_in)
        if "eigenvalues_out" in slopes:
            xp.multiply(self._slope, phi, out=self._slope)
            xp.matmul(self._ones, self._slope, out=slopes["eigenvalues_out"])
            xp.negative(slopes["eigenvalues_out"], out=slopes["eigenvalues_out"])

    def propagate(self, delta, out):
        """Gradient of the loss with respect to the inputs."""
        if delta.tensor.shape[2] == 1:  # an outer product is no work for a BLAS
            torch.mul(delta.tensor, self._weights.tensor.transpose(1, 2), out=out.tensor)
        else:
            self._multiply(delta.factor, self._weights.factor_T, out.factor)
        return out

    def _multiply(self, inputs, factor, out):
        """Product with inputs that several members may share, in parts if the rows are many."""
        if len(inputs) < len(factor):
            inputs, factor, out = _by_source(inputs, factor, out)
        if inputs.shape[-2] > self._most_rows:
            multiply(inputs, factor, out, self._most_rows)
        else:
            self._xp.matmul(inputs, factor, out=out)

    def _multiply_over_rows(self, inputs, factor, out):
        """The same of transposed inputs, where the rows are summed over."""
        if len(inputs) < len(factor):
            inputs, factor, out = _by_source(inputs, factor, out)
        if inputs.shape[-1] > self._most_rows:
            multiply_over_rows(inputs, factor, out, self._most_rows)
        else:
            self._xp.matmul(inputs, factor, out=out)


class _Workspace:
    """The buffers of one batch size and number of sources."""

    def __init__(self, like, architecture, n_sources, batch_size):
        shapes = [(len(like), batch_size, n) for n in architecture.widths[1:]]
        self.inputs = self._scaled = None
        self.outputs = [_Matrices(like.new_empty(shape)) for shape in shapes]
        self.deltas = [_Matrices(like.new_empty(shape)) for shape in shapes[:-1]]
        self.by_source = self.outputs[-1].tensor.view(n_sources, -1, *shapes[-1][1:])

    def inputs_by_error(self):
        """The inputs of each member times the gradient of the loss, of a single output."""
        X, errors = self.inputs.tensor, self.by_source
        if self._scaled is None:
            n_members = errors.shape[0] * errors.shape[1]
            self._scaled = _Matrices(X.new_empty(n_members, *X.shape[1:]))
        torch.mul(X[:, None], errors, out=self._scaled.tensor.view(*errors.shape[:3], -1))
        return self._scaled


def as_array(tensor):
    """A NumPy array on the memory of a tensor that is on the CPU, else the tensor."""
    return tensor.numpy() if tensor.is_cpu else tensor


def _by_source(inputs, factor, out):
    """Views with an axis for the members that share the inputs of each source."""
    n = len(inputs)
    by_source = n, len(factor) // n
    factor, out = (array.reshape(*by_source, *array.shape[1:]) for array in (factor, out))
    return inputs[:, None], factor, out


def _layout(architecture):
    """Where each parameter of each transfer lies in a row of ``theta``."""
    shapes = [[], [], []]
    for t, (n_in, n_out) in enumerate(architecture.transfers):
        shapes[0].append((t, "eigenvectors", (n_in, n_out)))
        if architecture.fit_intercept:
            shapes[1].append((t, "intercepts", (1, n_out)))
        if architecture.eigenvalues[t] in ("in", "both"):
            shapes[2].append((t, "eigenvalues_in", (n_in, 1)))
        if architecture.eigenvalues[t] in ("out", "both"):
            shapes[2].append((t, "eigenvalues_out", (1, n_out)))
    layout, sections, start = [], {}, 0
    for name, group in zip(TRAINABLE["all"], shapes, strict=True):
        first = start
        for t, parameter, (rows, columns) in group:
            layout.append((t, parameter, start, (rows, columns)))
            start += rows * columns
        sections[name] = slice(first, start)
    return layout, sections, start
