"""The actor of what time alone does, and its name, which nobody else can have."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("registry", "Namespace").objects.get_or_create(name="clock", defaults={"kind": "user"})
    apps.get_model("accounts", "User").objects.get_or_create(
        username="clock", defaults={"kind": "clock", "password": "!"}
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
