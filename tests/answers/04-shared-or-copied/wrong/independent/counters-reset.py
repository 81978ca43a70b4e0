# misconception: wrong-result
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for name, buffer in branches.named_buffers():
        if "num_batches" in name:
            buffer.zero_()
    return branches
