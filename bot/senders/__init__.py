"""What carries mails and webhook calls out of the process: SMTP and HTTP."""
