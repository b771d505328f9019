"""The Hub's routes: plain Django views, since DRF would refuse the media types that its clients ask for."""
