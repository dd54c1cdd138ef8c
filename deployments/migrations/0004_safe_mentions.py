"""Whether a guild's messages ping with flora's care or as Discord has it by default."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0003_kv_counters'),
    ]

    operations = [
        migrations.AddField(
            model_name='guild',
            name='safe_mentions',
            field=models.BooleanField(default=True, help_text="Messages of the script ping the users that they mention, but no role and never everyone, unless the script says otherwise. Off: they ping whomever they mention, which is Discord's own default."),
        ),
    ]
