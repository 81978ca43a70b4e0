def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    optimizer.zero_grad(set_to_none=False)
    losses = [nn.NLLLoss()(z.log_softmax(1), y) for z, y in zip(model(images), (fruit, rotten))]
    torch.autograd.backward(torch.stack(losses) @ torch.tensor(loss_weights, dtype=torch.float))
    optimizer.step()
    return losses
