class Model(nn.Module):
    def __init__(self, net, sizes):
        super().__init__()
        c = net.classifier.in_features
        self.backbone = net.features[:-2]
        self.tails = nn.ModuleList([copy.deepcopy(net.features[-2:]) for _ in sizes])
        self.w = nn.ParameterList([nn.Parameter(torch.randn(c, s) * 0.01) for s in sizes])
        self.b = nn.ParameterList([nn.Parameter(torch.zeros(s)) for s in sizes])

    def forward(self, x):
        z = self.backbone(x)
        out = {}
        for i, (tail, w, b) in enumerate(zip(self.tails, self.w, self.b)):
            h = tail(z).clamp(min=0)
            out[f"t{i}"] = torch.einsum("bchw,ck->bk", h, w) / (h.shape[-1] * h.shape[-2]) + b
        return out


def five_targets(make, sizes):
    return Model(make(), sizes)
