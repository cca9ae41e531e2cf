"""The frame: navigation, and the strip that shows a running training on every page."""

from __future__ import annotations


def main() -> None:
    from mnistlab.ui import frame, trouble

    with trouble.boundary("The lab"):
        page = frame.begin()  # its words are on their way while the rest is loaded
        from mnistlab.ui import cache, parts, state

        state.prepare()
        with trouble.boundary("This page"):
            page.run()
        parts.sidebar()  # after the page: its first words need no digits, and it may choose another network
        cache.engine()  # last, so that the page is there before a worker starts
        cache.settle(page.title)


# a worker process imports this file again under another name; it must not draw pages there
if __name__ == "__main__":
    main()
