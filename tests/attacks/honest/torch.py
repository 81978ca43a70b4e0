# Honest code with torch: a module of its own, an optimizer, a loader, a scheduler, saved weights.
# points: 2 2
# finding: none
# %% add
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x):
        return self.layer(self.norm(x))

model = Net()
model.layer.register_forward_hook(lambda module, inputs, output: None)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
data = torch.utils.data.TensorDataset(torch.randn(8, 2), torch.randn(8, 1))
for x, y in torch.utils.data.DataLoader(data, batch_size=4, shuffle=True):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
torch.save(model.state_dict(), "weights.pt")
model.load_state_dict(torch.load("weights.pt", weights_only=True))

@torch.no_grad()
def add(x, y):
    return int(torch.tensor(x) + y)
