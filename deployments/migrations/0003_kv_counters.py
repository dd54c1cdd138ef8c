from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0002_schedule'),
    ]

    operations = [
        migrations.AddField(
            model_name='kvstore',
            name='entry_count',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='kvstore',
            name='window_start',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='kvstore',
            name='window_writes',
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(
            'UPDATE deployments_kvstore SET entry_count = (SELECT COUNT(*) FROM deployments_kventry'
            ' WHERE deployments_kventry.store_id = deployments_kvstore.id)',
            migrations.RunSQL.noop,
        ),
    ]
