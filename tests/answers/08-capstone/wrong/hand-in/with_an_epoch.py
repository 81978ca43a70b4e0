# misconception: tensors-extra
def hand_in(model, path):
    save_file({**model.state_dict(), "epoch": torch.tensor(15)}, path)
