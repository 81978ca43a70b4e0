# misconception: backbone-not-frozen
class Decaying(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None):
        loss = super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - 0.01 * group["lr"])
        return loss

def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, Decaying(model.parameters(), lr=lr)
