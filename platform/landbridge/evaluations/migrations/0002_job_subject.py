"""What a job is about stands on its own row, so that jobs without an evaluation's question have it, too."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    jobs = apps.get_model("evaluations", "Job").objects.select_related("evaluation__revision")
    for job in jobs.iterator(chunk_size=500):
        revision = job.evaluation.revision
        job.repo_id, job.commit, job.tree_digest = revision.repo_id, revision.commit, revision.tree_digest
        job.organization_id = job.evaluation.organization_id
        job.save(update_fields=["repo", "commit", "tree_digest", "organization"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_clock"),
        ("evaluations", "0001_initial"),
        ("registry", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("job", "code", models.BooleanField(default=False)),
        migrations.AddField("job", "commit", models.CharField(default="", max_length=40), preserve_default=False),
        migrations.AddField("job", "tree_digest", models.CharField(default="", max_length=64), preserve_default=False),
        migrations.AddField(
            "job",
            "organization",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            "job",
            "repo",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="registry.repo"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "job",
            "repo",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="registry.repo"
            ),
        ),
        migrations.AlterField(
            "job",
            "evaluation",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="jobs",
                to="evaluations.evaluation",
            ),
        ),
        migrations.AddConstraint(
            "job",
            models.CheckConstraint(
                condition=Q(evaluation__isnull=False, kind__in=["evaluation", "blind"])
                | (~Q(kind__in=["evaluation", "blind"]) & Q(evaluation=None)),
                name="a_job_answers_a_question_if_its_kind_does",
            ),
        ),
    ]
