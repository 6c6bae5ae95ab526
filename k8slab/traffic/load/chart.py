"""A load run as a picture: one mark a request (its shape and colour tell the answer), and the bucket's fill below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from k8slab.traffic.load.bucket import Limit, verdicts
from k8slab.traffic.load.samples import Sample

_WIDTH, _LEFT, _RIGHT = 720, 56, 24
_UPPER, _LOWER, _GAP = 150, 90, 40
_PALETTE = ("#1a7f37", "#0969da", "#8250df", "#bf8700", "#0a7e8c", "#953800", "#6639ba", "#57606a")
_MOST_MARKS = 3000


def chart(samples: Sequence[Sample], limit: Limit | None = None) -> str:
    """Return SVG that reads on light and dark pages."""
    shown = _thinned(sorted(samples, key=lambda sample: sample.sent))
    end = max((sample.sent for sample in shown), default=1.0) or 1.0
    top = max((sample.latency for sample in shown), default=0.001) * 1.1 or 0.001
    height = _UPPER + _GAP + (_LOWER + _GAP if limit else 0)
    parts = [*_axes(end, top), *_marks(shown, end, top), *_legend(shown)]
    if limit:
        parts += _bucket(shown, limit, end)
    title = f"{len(samples)} requests: time of sending and latency"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height + 24}" role="img" '
        f'font-family="sans-serif" font-size="11" fill="currentColor"><title>{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )


def _thinned(samples: Sequence[Sample]) -> list[Sample]:
    """Keep failures and a part of the others: a browser draws a few thousand marks at ease."""
    if len(samples) <= _MOST_MARKS:
        return list(samples)
    step = len(samples) // _MOST_MARKS + 1
    return [sample for number, sample in enumerate(samples) if number % step == 0 or not sample.ok][: 3 * _MOST_MARKS]


def _x(at: float, end: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / end


def _axes(end: float, top: float) -> Iterator[str]:
    yield _axis(20, _UPPER)
    for part in (0.0, 0.5, 1.0):
        y = _UPPER - (_UPPER - 20) * part
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{1000 * top * part:.1f} ms</text>'
    for number in range(5):
        at = end * number / 4
        yield f'<text x="{_x(at, end):.1f}" y="{_UPPER + 14}" text-anchor="middle">{at:.1f} s</text>'


def _axis(top: float, base: float) -> str:
    return f'<path d="M{_LEFT} {top}V{base}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor" stroke-opacity=".5"/>'


def _marks(samples: Sequence[Sample], end: float, top: float) -> Iterator[str]:
    versions = _versions(samples)
    for sample in samples:
        x, y = _x(sample.sent, end), _UPPER - (_UPPER - 20) * sample.latency / top
        if sample.ok:
            colour = (
                _PALETTE[versions.index(sample.version) % len(_PALETTE)] if sample.version in versions else _PALETTE[0]
            )
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
        elif sample.status:
            yield f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="#b42318" stroke-width="1.6"/>'
        else:
            yield f'<path d="M{x - 3:.1f} {y + 3:.1f}h6l-3 -6z" fill="none" stroke="#b54708" stroke-width="1.4"/>'


def _versions(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(sample.version for sample in samples if sample.ok))[: len(_PALETTE)]


def _legend(samples: Sequence[Sample]) -> Iterator[str]:
    entries = [(f"● {name[:24] or 'answered'}", _PALETTE[place]) for place, name in enumerate(_versions(samples))]
    bad = sorted({sample.status for sample in samples if not sample.ok and sample.status})
    entries += [(f"✕ {status}", "#b42318") for status in bad]
    entries += [("△ no answer", "#b54708")] if any(not sample.status for sample in samples) else []
    x = float(_LEFT)
    for text, colour in entries[:8]:
        yield f'<text x="{x:.0f}" y="12" fill="{colour}">{escape(text)}</text>'
        x += 12 + 6.5 * len(text)


def _bucket(samples: Sequence[Sample], limit: Limit, end: float) -> Iterator[str]:
    base, size = _UPPER + _GAP + _LOWER, limit.burst + 1
    said = verdicts(limit, (sample.sent for sample in samples if sample.status))

    def y(fill: float) -> float:
        return base - _LOWER * min(1.0, fill / size)

    points = " ".join(f"{_x(verdict.at, end):.1f},{y(verdict.fill):.1f}" for verdict in said)
    yield f'<polyline points="{points}" fill="none" stroke="#0969da" stroke-width="1.4"/>'
    yield f'<path d="M{_LEFT} {y(limit.burst):.1f}H{_WIDTH - _RIGHT}" stroke="#b42318" stroke-dasharray="4 3"/>'
    yield _axis(base - _LOWER, base)
    yield f'<text x="{_LEFT - 6}" y="{y(limit.burst) + 4:.1f}" text-anchor="end">{limit.burst}</text>'
    text = f"the bucket's fill as computed: {limit.rate:g} requests leak per second, burst {limit.burst} (red)"
    yield f'<text x="{_LEFT}" y="{base + 16}">{escape(text)}</text>'
