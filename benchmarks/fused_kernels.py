"""Layers of many networks, each a kernel for all of them: implicit matrix products in Triton.

A convolution is a product of every pixel's neighbourhood, as far as the kernel reaches, and the
filters. The neighbourhoods are not written anywhere: each program gathers those of its tile, and
ends with what follows on the convolution (bias, pooling, ELU, dropout, or their slopes). A dense
layer is a convolution of images of one pixel.

The network is an axis of the grid, and tiles follow from a layer's shape alone; so a network's
numbers do not depend on how many are computed beside it.

Arrays are contiguous, network by network: images (example, row, column, channel), filters
(place in the kernel, input, output). A row of a product is a pixel, and where it is pooled the
pixels of a window follow on each other; a column is an output.
"""

import triton
import triton.language as tl

# A number of which the compiler would make another kernel where it is 1 or a multiple of 16.
ANY = ["rows", "height", "width", "kernel", "threshold", "octets"]


@triton.jit
def pixel_of(index, height, width, pool: tl.constexpr):
    """Return example, row and column of the pixels in some rows of a product."""
    window, place = index // (pool * pool), index % (pool * pool)
    high, wide = height // pool, width // pool
    row = window // wide % high * pool + place // pool
    column = window % wide * pool + place % pool
    return window // (wide * high), row, column


@triton.jit
def tap_and_channel(start, channels, aligned: tl.constexpr, depth: tl.constexpr):
    """Return place in the kernel and channel of ``depth`` places in a neighbourhood.

    Where channels come in whole tiles, the place in the kernel is one number for all.
    """
    ahead = tl.arange(0, depth)
    if aligned:
        # Said to the compiler, which copies ahead what lies together.
        tap, channel = start // channels, tl.multiple_of(start % channels, depth) + ahead
    else:
        tap, channel = (start + ahead) // channels, (start + ahead) % channels
    return tap, channel


@triton.jit
def neighbours(
    images, index, start, rows, height, width, channels, kernel,
    pool: tl.constexpr, back: tl.constexpr, aligned: tl.constexpr, depth: tl.constexpr,
):  # fmt: skip
    """Return (row, depth): of each pixel's neighbourhood what lies from ``start`` on."""
    example, row, column = pixel_of(index, height, width, pool)
    tap, channel = tap_and_channel(start, channels, aligned, depth)
    before = (kernel - 1) // 2
    down, across = tap // kernel - before, tap % kernel - before
    if back:
        down, across = -down, -across
    if aligned:
        row, column = row[:, None] + down, column[:, None] + across
        inside = (index < rows)[:, None]
    else:
        row, column = row[:, None] + down[None, :], column[:, None] + across[None, :]
        inside = (index < rows)[:, None] & (tap < kernel * kernel)[None, :]
    inside &= (row >= 0) & (row < height) & (column >= 0) & (column < width)
    pixel = (example[:, None] * height + row) * width + column
    return tl.load(images + pixel * channels + channel[None, :], mask=inside, other=0.0)


@triton.jit
def product(
    images, filters, index, column, rows, height, width, channels, columns, kernel,
    pool: tl.constexpr, back: tl.constexpr, aligned: tl.constexpr, depth: tl.constexpr,
    precision: tl.constexpr,
):  # fmt: skip
    """Return (row, column) float32: neighbourhoods times filters, or back through the filters."""
    total = tl.zeros((index.shape[0], column.shape[0]), tl.float32)
    for start in range(0, kernel * kernel * channels, depth):
        seen = neighbours(
            images, index, start, rows, height, width, channels, kernel, pool, back, aligned, depth
        )
        tap, channel = tap_and_channel(start, channels, aligned, depth)
        inside = (column < columns)[None, :]
        if not aligned:
            inside &= (tap < kernel * kernel)[:, None]
            tap = tap[:, None]
        if back:
            place = (tap * columns + column[None, :]) * channels + channel[:, None]
        else:
            place = (tap * channels + channel[:, None]) * columns + column[None, :]
        weights = tl.load(filters + place, mask=inside, other=0.0)
        total = tl.dot(seen, weights, total, input_precision=precision)
    return total


@triton.jit(do_not_specialize=ANY)
def convolve(
    images, filters, bias, noise, y, kept, image_stride, octets,
    rows, height, width, channels, columns, kernel, threshold, scale,
    pool: tl.constexpr, elu: tl.constexpr, drops: tl.constexpr, aligned: tl.constexpr,
    height_of_tile: tl.constexpr, width_of_tile: tl.constexpr, depth: tl.constexpr,
    precision: tl.constexpr,
):  # fmt: skip
    """Write what a layer gives: convolution, bias, max-pooling, ELU, dropout.

    ``kept`` uint8 is, of each element, the place in the window that it came from, or the number of
    places where it was dropped.
    """
    network = tl.program_id(1).to(tl.int64)
    tiles = tl.cdiv(columns, width_of_tile)
    first = tl.program_id(0) // tiles * height_of_tile
    column = tl.program_id(0) % tiles * width_of_tile + tl.arange(0, width_of_tile)
    index = first + tl.arange(0, height_of_tile)
    filters += network * kernel * kernel * channels * columns
    value = product(
        images + network * image_stride, filters, index, column, rows, height, width, channels,
        columns, kernel, pool, False, aligned, depth, precision,
    )  # fmt: skip
    value += tl.load(bias + network * columns + column, mask=column < columns, other=0.0)[None, :]
    places: tl.constexpr = pool * pool
    windows: tl.constexpr = height_of_tile // places
    place = tl.zeros((windows, width_of_tile), tl.int32)
    if places > 1:
        value = tl.reshape(value, (windows, places, width_of_tile))
        value, place = tl.max(value, axis=1, return_indices=True)
    if elu:
        value = tl.where(value > 0, value, tl.exp(tl.minimum(value, 0.0)) - 1)
    window = first // places + tl.arange(0, windows)
    element = window[:, None] * columns + column[None, :]
    inside = (window < rows // places)[:, None] & (column < columns)[None, :]
    size = rows.to(tl.int64) // places * columns
    if drops:
        # There are none in evaluation, and 255 is below no threshold.
        drawn = inside & (element < octets)
        noise = tl.load(noise + network * octets + element, mask=drawn, other=255)
        dropped = noise.to(tl.int32) < threshold
        value = tl.where(dropped, 0.0, value * scale)
        place = tl.where(dropped, places, place)
    tl.store(y + network * size + element, value.to(y.dtype.element_ty), mask=inside)
    if drops or places > 1:
        tl.store(kept + network * size + element, place.to(tl.uint8), mask=inside)


@triton.jit(do_not_specialize=ANY)
def slopes_of_images(
    slopes, filters, y, kept, result, rows, height, width, channels, columns, kernel, scale,
    places: tl.constexpr, drops: tl.constexpr, aligned: tl.constexpr,
    height_of_tile: tl.constexpr, width_of_tile: tl.constexpr, depth: tl.constexpr,
    precision: tl.constexpr,
):  # fmt: skip
    """Write the slopes before dropout and ELU of the layer below, whose ``y`` a layer takes.

    Of y = scale ELU(v) the slope is scale where y > 0, else y + scale: as exact as y, so in bf16
    coarse where it is small.
    """
    network = tl.program_id(1).to(tl.int64)
    tiles = tl.cdiv(columns, width_of_tile)
    index = tl.program_id(0) // tiles * height_of_tile + tl.arange(0, height_of_tile)
    column = tl.program_id(0) % tiles * width_of_tile + tl.arange(0, width_of_tile)
    size = rows.to(tl.int64)
    filters += network * kernel * kernel * channels * columns
    value = product(
        slopes + network * size * channels, filters, index, column, rows, height, width, channels,
        columns, kernel, 1, True, aligned, depth, precision,
    )  # fmt: skip
    element = index[:, None] * columns + column[None, :]
    inside = (index < rows)[:, None] & (column < columns)[None, :]
    below = tl.load(y + network * size * columns + element, mask=inside, other=0.0).to(tl.float32)
    # Not below 0, where y was rounded to less than -scale.
    value *= tl.where(below > 0, scale, tl.maximum(below + scale, 0.0))
    if drops:
        place = tl.load(kept + network * size * columns + element, mask=inside, other=0)
        value = tl.where(place == places, 0.0, value)
    value = value.to(result.dtype.element_ty)
    tl.store(result + network * size * columns + element, value, mask=inside)


@triton.jit(do_not_specialize=["elements", "height", "width"])
def unpool(
    slopes, kept, result, elements, height, width, channels,
    pool: tl.constexpr, length: tl.constexpr,
):  # fmt: skip
    """Write slopes to the place in each window that was its largest, and zeros beside it.

    Args:
        slopes: (network, element of the pooled images).
        kept: as ``convolve`` writes it.
        result: of the images (height, width) before pooling.
        elements: of the pooled images of a network.
    """
    network = tl.program_id(1).to(tl.int64)
    element = tl.program_id(0) * length + tl.arange(0, length)
    inside = element < elements
    slope = tl.load(slopes + network * elements + element, mask=inside, other=0.0)
    chosen = tl.load(kept + network * elements + element, mask=inside, other=0)
    channel, window = element % channels, element // channels
    wide, high = width // pool, height // pool
    column, row, example = window % wide, window // wide % high, window // (wide * high)
    result += network * (elements // (wide * high) * height * width)
    for place in tl.static_range(pool * pool):
        down, across = row * pool + place // pool, column * pool + place % pool
        pixel = (example * height + down) * width + across
        value = tl.where(chosen == place, slope, 0.0)
        tl.store(result + pixel * channels + channel, value, mask=inside)


@triton.jit(do_not_specialize=[*ANY, "rows_of_part"])
def slopes_of_filters(
    images, slopes, result, bias_result, image_stride, rows, rows_of_part,
    height, width, channels, columns, kernel, aligned: tl.constexpr,
    height_of_tile: tl.constexpr, width_of_tile: tl.constexpr, depth: tl.constexpr,
    precision: tl.constexpr,
):  # fmt: skip
    """Write the slopes of filters (part, network, k k input, output) and of biases, float32.

    Each part of the pixels is added up by a program of its own; the parts are still to be added.
    """
    network, part = tl.program_id(1).to(tl.int64), tl.program_id(2)
    networks = tl.num_programs(1)
    tiles = tl.cdiv(columns, width_of_tile)
    start = tl.program_id(0) // tiles * depth
    column = tl.program_id(0) % tiles * width_of_tile + tl.arange(0, width_of_tile)
    images += network * image_stride
    slopes += network * rows * columns
    total = tl.zeros((depth, width_of_tile), tl.float32)
    bias = tl.zeros((height_of_tile, width_of_tile), tl.float32)
    end = tl.minimum(rows, (part + 1) * rows_of_part)
    for first in range(part * rows_of_part, end, height_of_tile):
        index = first + tl.arange(0, height_of_tile)
        seen = neighbours(
            images, index, start, end, height, width, channels, kernel, 1, False, aligned, depth
        )
        inside = (index < end)[:, None] & (column < columns)[None, :]
        place = index[:, None] * columns + column[None, :]
        slope = tl.load(slopes + place, mask=inside, other=0.0)
        total = tl.dot(tl.trans(seen), slope, total, input_precision=precision)
        bias += slope.to(tl.float32)
    size = kernel * kernel * channels
    line = start + tl.arange(0, depth)
    written = (line < size)[:, None] & (column < columns)[None, :]
    result += (part * networks + network) * size * columns
    tl.store(result + line[:, None] * columns + column[None, :], total, mask=written)
    if start == 0:
        bias_result += (part * networks + network) * columns
        tl.store(bias_result + column, tl.sum(bias, axis=0), mask=column < columns)


@triton.jit(do_not_specialize=["parts"])
def add_parts(partial, result, elements, parts, length: tl.constexpr):
    """Write the sums over parts (part, element), one part after the other."""
    element = tl.program_id(0).to(tl.int64) * length + tl.arange(0, length)
    inside = element < elements
    total = tl.zeros((length,), tl.float32)
    for _ in range(parts):
        total += tl.load(partial + element, mask=inside, other=0.0)
        partial += elements
    tl.store(result + element, total, mask=inside)
