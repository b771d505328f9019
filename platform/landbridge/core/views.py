"""The base of every REST view: an APIView whose declared rules the default permission enforces."""

from typing import ClassVar

from rest_framework.views import APIView

from landbridge.core.access import Rules


class View(APIView):
    """Declare ``access`` per method; what is not declared is refused."""

    access: ClassVar[Rules] = {}
