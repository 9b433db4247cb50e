"""Say of runs from before who answers for them and what they keep, as far as it is known: their long values.

In chunks, each a transaction by itself, so that no run waits for all the others. It may be broken off and begun again:
what is filled is not filled twice.
"""

from collections import Counter
from uuid import UUID

from django.db import migrations, transaction
from django.db.models import Exists, F, OuterRef, Subquery, Sum

CHUNK = 500


def fill(apps, schema_editor):
    alias, last = schema_editor.connection.alias, UUID(int=0)
    Run = apps.get_model("runs", "Run")
    while keys := list(Run.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        last = keys[-1]
        with transaction.atomic(alias):
            fill_some(apps, Run.objects.filter(pk__in=keys))


def fill_some(apps, runs):
    list(runs.select_for_update().order_by("pk").values_list("pk"))
    say_who_answers(apps, runs.filter(responsible=None))
    Blob = apps.get_model("runs", "Blob")
    sums = Blob.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(sum=Sum("bytes")).values("sum")
    runs.filter(Exists(Blob.objects.filter(run=OuterRef("pk"))), storage=0).update(storage=Subquery(sums))
    uncounted = runs.filter(storage__gt=F("counted"))
    by_flow, by_person = Counter(), Counter()
    for flow, person, size in uncounted.values_list("flow_id", "responsible_id", F("storage") - F("counted")):
        by_flow[flow] += size
        by_person[person] += size
    del by_person[None]
    add(apps.get_model("runs", "FlowRunStorage"), by_flow)
    add(apps.get_model("runs", "PersonRunStorage"), by_person)
    uncounted.update(counted=F("storage"))


def say_who_answers(apps, runs):
    Trigger, Visit = apps.get_model("runs", "Trigger"), apps.get_model("flows", "Visit")
    came = Visit.objects.filter(user=OuterRef("actor"), user__is_guest=True, link__flow=OuterRef("flow"))
    made = Trigger.objects.filter(flow=OuterRef("flow"), source=OuterRef("trigger")).order_by("created_at")
    runs.filter(actor=None).update(responsible=Subquery(made.values("created_by")[:1]))
    runs.filter(actor__is_guest=True).update(responsible=Subquery(came.values("link__created_by")[:1]))
    runs.filter(actor__is_guest=False).update(responsible=F("actor"))


def add(totals, sizes):
    for whose, size in sorted(sizes.items()):
        totals.objects.get_or_create(pk=whose)
        totals.objects.filter(pk=whose).update(storage=F("storage") + size)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0007_storage")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, atomic=False)]
