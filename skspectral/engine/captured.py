"""Training on a GPU, whose steps are captured and replayed as CUDA graphs.

A step is some fifty kernels of a microsecond or two, and launching them one by one takes
several times as long as they run.
"""

import numpy as np
import torch

from skspectral.engine.adam import BETA_1, BETA_2, EPSILON, Steps


class CapturedSteps(Steps):
    """Steps of Adam of one stack on a GPU, each a single launch."""

    def __init__(self, objective, moments):
        super().__init__(objective, moments)
        theta = objective.stack.theta
        self._total = theta.new_zeros(len(theta))
        self._sizes = theta.new_zeros(len(theta) + 1)
        self._batches, self._graphs = {}, {}

    def run(self, batches, rates, factors, warm_up=False):
        self._total.zero_()
        before = self._begin(warm_up)
        for batch, sizes in zip(batches, self._schedule(rates, factors), strict=True):
            self._sizes.copy_(sizes)
            self._step(batch)
            self._moments.n_steps += 1
            if warm_up:
                self._eigenvalues.copy_(before)
        return self._total / len(factors)

    def _schedule(self, rates, factors):
        """For each step the rates of the members, and the scale of the roots of the squares.

        Corrected for moments that began at zero (Kingma and Ba, ICLR 2015, Algorithm 1).
        """
        numbers = self._moments.n_steps + 1 + np.arange(len(factors))
        rates = np.outer(factors / (1 - BETA_1**numbers), rates)
        scales = 1 / np.sqrt(1 - BETA_2**numbers)
        table = torch.from_numpy(np.column_stack([rates, scales]))
        return table.to(self._sizes.device, self._sizes.dtype)

    def _step(self, batch):
        shapes = tuple(None if part is None else part.shape for part in batch)
        if shapes not in self._batches:
            # What a graph reads must stay where it is. The first step of its shape is taken one by
            # one: that makes the buffers and wakes the libraries, which no capture bears.
            self._batches[shapes] = [None if part is None else part.clone() for part in batch]
            self._advance(*self._batches[shapes])
            return
        for buffer, part in zip(self._batches[shapes], batch, strict=True):
            if buffer is not None:
                buffer.copy_(part)
        if shapes not in self._graphs:
            self._graphs[shapes] = self._capture(*self._batches[shapes])
        self._graphs[shapes].replay()

    def _capture(self, *batch):
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(self._total.device)
        stream.wait_stream(torch.cuda.current_stream(stream.device))
        with torch.cuda.stream(stream):
            # Another thread may train on the same GPU meanwhile.
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                self._advance(*batch)
            finally:
                graph.capture_end()
        torch.cuda.current_stream(stream.device).wait_stream(stream)
        return graph

    def _advance(self, *batch):
        """One step of Adam. A graph replays numbers as they were: what changes is in tensors."""
        self._total += self._objective.evaluate(*batch)
        theta, gradient, mean, square = self._moments.tensors
        mean.lerp_(gradient, 1 - BETA_1)
        square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        divisor = square.sqrt().mul_(self._sizes[-1]).add_(EPSILON)
        theta.addcdiv_(mean * self._sizes[:-1, None], divisor, value=-1)
