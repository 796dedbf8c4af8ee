"""Writes a trained network as ONNX with its normalisations folded into the convolutions: `python export.py STATE OUT`."""

import copy
import sys

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from net import Along, GlyphNet


def export(net: GlyphNet, path: str) -> None:
    """Writes `net` for lines of any width."""
    net = copy.deepcopy(net).eval().float().to(memory_format=torch.contiguous_format)
    for i, layer in enumerate(net.layers):
        if isinstance(layer, nn.Sequential):
            net.layers[i] = nn.Sequential(fuse_conv_bn_eval(layer[0], layer[1]), nn.ReLU())
        if isinstance(layer, Along):
            layer.conv = fuse_conv_bn_eval(layer.conv, layer.norm)
            layer.norm = nn.Identity()
    example = torch.zeros(1, 1, 32, 256)
    torch.onnx.export(
        net, example, path, input_names=["line"], output_names=["logits"], opset_version=17, dynamo=False,
        dynamic_axes={"line": {0: "lines", 3: "width"}, "logits": {0: "lines", 2: "frames"}},
    )


if __name__ == "__main__":
    network = GlyphNet()
    network.load_state_dict(torch.load(sys.argv[1]))
    export(network, sys.argv[2])
