"""Trains glyphnet: `python train.py --minutes 60 --seed 1 --out glyphnet.onnx`."""

import argparse
import math
import multiprocessing
import time

import numpy as np
import torch
from torch import nn

from classes import encode
from export import export
from fonts import faces
from lines import Lines
from net import GlyphNet

BATCH = 64
POOL = 8  # batches that are sorted by width together, so that little is padded


def supply(seed: int, queue) -> None:
    """Fills `queue` with batches, for ever."""
    torch.set_num_threads(1)
    lines = Lines([face for face in faces() if not face.held_out], seed)
    while True:
        pool = [lines.next()[:2] for _ in range(BATCH * POOL)]
        pool = [(image, text) for image, text in pool if text and image.shape[1] < 900]
        pool.sort(key=lambda line: line[0].shape[1])
        batches = [pool[i:i + BATCH] for i in range(0, len(pool), BATCH)]
        lines.random.shuffle(batches)
        for batch in batches:
            queue.put(stacked(batch))


def stacked(batch) -> tuple[np.ndarray, list[list[int]]]:
    """Lines side by side in one array, each normalised as the program does: paper 0, black about 1."""
    width = math.ceil(max(image.shape[1] for image, _ in batch) / 16) * 16
    array = np.zeros((len(batch), 1, 32, width), np.float32)
    for i, (image, _) in enumerate(batch):
        array[i, 0, :, : image.shape[1]] = normalised(image)
    return array.astype(np.float16), [encode(text) for _, text in batch]


def normalised(image: np.ndarray) -> np.ndarray:
    return (np.median(image) - image.astype(np.float32)) / 128


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--suppliers", type=int, default=1)
    arguments.add_argument("--out", default="glyphnet.onnx")
    options = arguments.parse_args()

    queue = multiprocessing.Queue(maxsize=40)
    for i in range(options.suppliers):
        process = multiprocessing.Process(target=supply, args=(options.seed * 1000 + i, queue), daemon=True)
        process.start()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    net = GlyphNet().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    loss_of = nn.CTCLoss(zero_infinity=True)
    start, seen, recent, saved = time.time(), 0, [], time.time()
    while True:
        done = (time.time() - start) / (options.minutes * 60)
        if done >= 1:
            break
        rate = 3e-3 * min(1, seen / 20000 + 0.05) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1))) + 1e-5
        for group in optimizer.param_groups:
            group["lr"] = rate
        array, targets = queue.get()
        images = torch.from_numpy(array).float().contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(images)
        likelihoods = logits.float().permute(2, 0, 1).log_softmax(2)
        frames = torch.full((len(targets),), likelihoods.shape[0], dtype=torch.long)
        lengths = torch.tensor([len(target) for target in targets])
        loss = loss_of(likelihoods, torch.tensor(sum(targets, [])), frames, lengths)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        average.update_parameters(net)
        seen += len(targets)
        recent.append(loss.item())
        if len(recent) == 100:
            print(f"{(time.time() - start) / 60:5.1f} min {seen:8d} lines  loss {np.mean(recent):.4f}  rate {rate:.5f}", flush=True)
            recent = []
        if time.time() - saved > 300:
            saved = time.time()
            torch.save(average.module.state_dict(), options.out + ".pt")
    torch.save(average.module.state_dict(), options.out + ".pt")
    export(average.module, options.out)
    print(f"{seen} lines in {options.minutes} minutes")


if __name__ == "__main__":
    main()
