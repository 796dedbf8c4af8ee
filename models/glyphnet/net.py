"""The network: convolutions over a line 32 pixels high, one frame for every four columns."""

import torch
from torch import nn

from classes import CLASSES


def _block(inputs: int, outputs: int, kernel, padding, stride=1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=padding, stride=stride, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Along(nn.Module):
    """Looks along the line, `dilation` frames to either side, and adds what it saw."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, (1, 3), padding=(0, dilation), dilation=(1, dilation), bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(x + self.norm(self.conv(x)))


class GlyphNet(nn.Module):
    """Input: lines x 1 x 32 x width, paper 0, ink towards 1. Output: lines x classes x width / 4, logits; class 0 is the blank."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            _block(1, 24, 5, 2, 2),
            _block(24, 48, 3, 1, (2, 1)),
            _block(48, 64, 3, 1),
            nn.MaxPool2d(2),
            _block(64, 96, 3, 1),
            nn.MaxPool2d((2, 1)),
            _block(96, 160, (2, 3), (0, 1)),
            Along(160, 1),
            Along(160, 2),
            Along(160, 4),
            Along(160, 8),
            nn.Conv2d(160, len(CLASSES) + 1, 1),
        )

    def forward(self, x):
        return self.layers(x).squeeze(2)
