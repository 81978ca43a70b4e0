def stored_numbers(model):
    total, seen = torch.tensor(0), []
    for p in model.parameters():
        if p.data_ptr() not in seen:
            seen.append(p.data_ptr())
            total += p.numel()
    return int(total)
