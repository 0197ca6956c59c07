"""Times the same work in PyTorch, as bench/peers/pytorch.ts asks for it.

Takes a JSON object as its argument:
  channels, subBlocks, inputShape, dropout   the network (docs/method.md)
  cases   [{"what": "mask step" | "training step" | "inference", "batch": n}]
  repetitions
  cpu, compiled   whether the CPU is timed beside CUDA, and torch.compile, which takes a minute for each case
and prints one JSON object per line: {"peer", "what", "batch", "seconds", "peakBytes", "note"}.

peakBytes is what the case took at most: on CUDA what PyTorch allocated there, on the CPU by how much the process grew.
That a process never shrinks makes the CPU's figure true for the first case only.
"""

import json
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class PadPool(nn.Module):
    """2 x 2 x 2 maximum, stride 2; an odd axis first gets a zero plane at its low end."""

    def forward(self, x):
        d, h, w = x.shape[2:]
        return F.max_pool3d(F.pad(x, (w % 2, 0, h % 2, 0, d % 2, 0)), 2)


def network(channels, sub_blocks, input_shape, dropout):
    layers, before, shape = [], 1, list(input_shape)
    for after, count in zip(channels, sub_blocks):
        for i in range(count):
            # the convolutions of a block keep its channels, the last one brings the block's own
            out = after if i == count - 1 else before
            layers += [nn.Conv3d(before, out, 3, padding=1), nn.BatchNorm3d(out), nn.LeakyReLU()]
            before = out
        layers.append(PadPool())
        shape = [(size + 1) // 2 for size in shape]
    features = before * shape[0] * shape[1] * shape[2]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(features, 2))


def masking(net, x):
    net.eval().requires_grad_(False)
    m = torch.ones(x.shape[2:], device=x.device, requires_grad=True)
    adam = torch.optim.Adam([m], lr=0.1)

    def loss():
        distance = (1 - m).abs()
        # the derivative of |t|^0.1 at 0 is taken as 0
        size = torch.where(distance > 0, distance.clamp_min(1e-12) ** 0.1, 0.0).mean()
        variation = sum(m.diff(dim=axis).abs().mean() for axis in range(3))
        score = torch.softmax(net(m * x + (1 - m)), 1)[:, 1].mean()
        return 1e-4 * size + 1e-2 * variation + score

    def step():
        adam.zero_grad()
        value = loss()
        value.backward()
        adam.step()
        with torch.no_grad():
            m.clamp_(0, 1)
        return value.detach()

    return step


def training(net, x):
    net.train().requires_grad_(True)
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, weight_decay=1e-4)
    labels = torch.arange(len(x), device=x.device) % 2

    def step():
        adam.zero_grad()
        value = F.cross_entropy(net(x), labels)
        value.backward()
        adam.step()
        return value.detach()

    return step


def inference(net, x):
    net.eval().requires_grad_(False)

    def step():
        with torch.no_grad():
            return net(x).sum()

    return step


KINDS = {"mask step": masking, "training step": training, "inference": inference}


def timed(step):
    started = time.perf_counter()
    step().item()  # waits for the device
    return time.perf_counter() - started


def warm_up(step):
    # as voxmask is: a GPU that has been idle raises its clock slowly
    started = time.perf_counter()
    timed(step)
    while time.perf_counter() - started < 1:
        timed(step)


def repeated(step, repetitions):
    started = time.perf_counter()
    times = []
    while len(times) < repetitions or time.perf_counter() - started < 0.5:
        times.append(timed(step))
    return times


def resident():
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def run(peer, device, options, compiled=False):
    for case in options["cases"]:
        result = {"peer": peer, "what": case["what"], "batch": case["batch"], "seconds": None}
        before = resident()
        try:
            torch.manual_seed(0)
            net = network(options["channels"], options["subBlocks"], options["inputShape"], options["dropout"])
            net = net.to(device)
            if compiled:
                net = torch.compile(net)
            x = torch.rand(case["batch"], 1, *options["inputShape"], device=device)
            if device == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            step = KINDS[case["what"]](net, x)
            timed(step)
            warm_up(step)
            result["seconds"] = statistics.median(repeated(step, options["repetitions"]))
            result["peakBytes"] = torch.cuda.max_memory_allocated() if device == "cuda" else resident() - before
        except RuntimeError as error:  # out of memory, or a case that cannot be compiled
            result["note"] = str(error).splitlines()[0]
        print(json.dumps(result), flush=True)


def main():
    options = json.loads(sys.argv[1])
    name = f"PyTorch {torch.__version__}"
    if options["cpu"] or not torch.cuda.is_available():
        run(f"{name} CPU, {torch.get_num_threads()} threads", "cpu", options)
    if torch.cuda.is_available():
        for tf32 in (False, True):
            torch.backends.cuda.matmul.allow_tf32 = tf32
            torch.backends.cudnn.allow_tf32 = tf32
            label = f"{name} CUDA{', tf32' if tf32 else ''}"
            run(label, "cuda", options)
            if options["compiled"]:
                run(f"{label}, compiled", "cuda", options, compiled=True)


main()
