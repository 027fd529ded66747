"""The frame around every page."""


def frame(request):
    return {}
