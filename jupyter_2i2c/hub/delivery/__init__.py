"""Ways on which requests for help leave the hub: mail, a webhook, a ticket system. Put together by hub/support.py."""
