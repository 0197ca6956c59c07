"""Loads a network of voxmask into PyTorch, and asks it about images.

    python load_voxmask.py model.safetensors map.nii.gz ...

Needs torch and safetensors; for images also nibabel, and scipy where the network smooths them.
"""

import json
import math
import sys
from collections import OrderedDict

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class LowPadMaxPool3d(nn.Module):
    """2 x 2 x 2, stride 2; an odd axis first gets one plane of zeros at its low end."""

    def forward(self, x):
        pad = [p for size in reversed(x.shape[2:]) for p in (size % 2, 0)]
        return nn.functional.max_pool3d(nn.functional.pad(x, pad), 2)


def build(a):
    """The network of an architecture, as the model file describes it."""
    channels, shape, blocks = [1, *a["channels"]], list(a["inputShape"]), OrderedDict()
    slope = a.get("slope", 0.01)
    for b, count in enumerate(a["subBlocks"]):
        layers = []
        for k in range(count):
            last = k == count - 1
            width = channels[b + 1] if last else channels[b]
            stride = 2 if last and a["reduction"] == "stride" else 1
            layers += [nn.Conv3d(channels[b], width, 3, stride, 1), nn.BatchNorm3d(width), nn.LeakyReLU(slope)]
        if a["reduction"] == "maxpool":
            layers.append(LowPadMaxPool3d())
        blocks[f"conv{b}"] = nn.Sequential(*layers)
        shape = [(size + 1) // 2 for size in shape]
    features, classes, n = channels[-1] * math.prod(shape), len(a["classes"]), a["fcLayers"]
    widths = [round(features * (classes / features) ** (i / n)) for i in range(n + 1)]
    fc = OrderedDict()
    for i in range(n):
        layers = [nn.Linear(widths[i], widths[i + 1])] + ([nn.LeakyReLU(slope)] if i < n - 1 else [])
        fc[f"FC{i}"] = nn.Sequential(*layers)
    return nn.Sequential(OrderedDict(
        convolutions=nn.Sequential(blocks), flatten=nn.Flatten(),
        dropout=nn.Dropout(a["dropout"]), fc=nn.Sequential(fc)))


def load(path):
    """The network in evaluation mode, its architecture, and what is done to its images' values."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    architecture = json.loads(metadata["architecture"])
    intensity = json.loads(metadata.get("intensity", '{"scale": "none", "smoothing": 0}'))
    network = build(architecture)
    network.load_state_dict(load_file(path))
    return network.eval(), architecture, intensity


def image(path, intensity):
    """A map as the network takes it: LAS (nibabel's canonical orientation is RAS, so x is turned round), [1, 1, x, y, z]."""
    import nibabel
    import numpy

    canonical = nibabel.as_closest_canonical(nibabel.load(path))
    values = numpy.nan_to_num(canonical.get_fdata())[::-1]
    if intensity["smoothing"] > 0:
        from scipy.ndimage import gaussian_filter1d

        sizes = numpy.linalg.norm(canonical.affine[:3, :3], axis=0)
        for axis, size in enumerate(sizes):
            sigma = intensity["smoothing"] / math.sqrt(8 * math.log(2)) / size
            values = gaussian_filter1d(values, sigma, axis=axis, mode="constant", truncate=4)
    if intensity["scale"] == "min-max":
        values = (values - values.min()) / (values.max() - values.min())
    if intensity["scale"] == "z-score":
        brain = values[values > 0]
        values = (values - brain.mean()) / brain.std()
    return torch.from_numpy(values.astype("float32").copy())[None, None]


if __name__ == "__main__":
    network, architecture, intensity = load(sys.argv[1])
    for path in sys.argv[2:]:
        with torch.no_grad():
            probabilities = network(image(path, intensity)).softmax(1)[0].tolist()
        print(path, dict(zip(architecture["classes"], probabilities)))
