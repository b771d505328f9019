"""Template filters: how states, sizes and moments are written."""

from django import template

from landbridge.portal import numbers, words

register = template.Library()
register.filter("state_look", words.look)
register.filter("role_word", words.role)
register.filter("kind_word", words.kind)
register.filter("modality_word", words.modality)
register.filter("size", numbers.size)
register.filter("count", numbers.count)
register.filter("timesince_seconds", numbers.seconds_until)
