# misconception: pickle-for-weights
def hand_in(model, path):
    torch.save(model.state_dict(), path)
